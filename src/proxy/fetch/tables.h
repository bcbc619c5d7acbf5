// The families of fetches and converters that look at sessions, proxies and servers.
#pragma once

#include <span>

#include "sample/rows.h"

namespace weir::proxy {

extern const std::span<const sample::Fetch> capture_fetches;         // capture.cpp
extern const std::span<const sample::Converter> capture_converters;  // capture.cpp

}  // namespace weir::proxy
