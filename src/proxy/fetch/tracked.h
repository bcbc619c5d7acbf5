// The fetches about what a session tracks: `sc_conn_cnt(0)`, `sc0_conn_cnt`, and all others of that kind.
#pragma once

#include <span>

#include "sample/rows.h"

namespace weir::proxy {

extern const std::span<const sample::Fetch> tracked_fetches;

}  // namespace weir::proxy
