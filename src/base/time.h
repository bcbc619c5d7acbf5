// Time as weir uses it: durations of the configuration in milliseconds, points on the monotonic clock, wall time only
// for people. A worker reads both clocks once per loop turn (io::Worker::now(), ::wall_now()); nothing else asks the
// kernel.
#pragma once

#include <chrono>
#include <optional>

namespace weir {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// A timeout of the configuration: absent means it was not set, which is not the same as 0.
using Timeout = std::optional<Milliseconds>;

}  // namespace weir
