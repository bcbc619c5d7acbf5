// What one worker has done and has to do: `show activity`, `show threads`. Manual: management 9.3.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace weir::proxy {
struct WorkerContext;
}

namespace weir::admin {

struct Activity {
  // Counted since the start, or since `clear counters`.
  std::uint64_t loops = 0, accepted = 0, starved = 0, cpu_ms = 0;
  // As it is now.
  std::uint64_t sessions = 0, tasks = 0, checks = 0, listeners = 0, buffers = 0, pipes = 0;
  pid_t thread = 0;
  int cpu = 0;
};

/// Both on the worker's thread.
Activity activity_of(const proxy::WorkerContext& worker);
void clear_activity(proxy::WorkerContext& worker);

}  // namespace weir::admin
