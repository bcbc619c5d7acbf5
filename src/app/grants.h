// What the system grants once privileges are settled: core dumps, the size of the descriptor table, priority, no new
// privileges. Manual: set-dumpable, prealloc-fd, tune.renice.*, insecure-setuid-wanted.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "proxy/model.h"

namespace weir::app {

/// tune.renice.startup; settle_grants() ends it.
void begin_start(const proxy::GlobalConfig& global);
/// `descriptors` is the limit of the process.
Result<void> settle_grants(const proxy::GlobalConfig& global, std::uint32_t descriptors);

}  // namespace weir::app
