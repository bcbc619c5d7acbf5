#include "admin/activity.h"

#include <sched.h>
#include <unistd.h>

#include <ctime>

#include "proxy/worker_context.h"

namespace weir::admin {
namespace {

Milliseconds cpu_of_this_thread() {
  timespec used{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(used.tv_sec) +
                                                  std::chrono::nanoseconds(used.tv_nsec));
}

}  // namespace

Activity activity_of(const proxy::WorkerContext& worker) {
  Activity activity{.loops = worker.io->turns(),
                    .cpu_ms = static_cast<std::uint64_t>((cpu_of_this_thread() - worker.cpu_cleared).count()),
                    .sessions = worker.sessions.live() + worker.resting.count(),
                    .tasks = worker.activities.size(),
                    .checks = worker.checks.size(),
                    .listeners = worker.listeners.size(),
                    .buffers = worker.io->buffers().in_use(),
                    .pipes = worker.io->pipes().in_use(),
                    .thread = ::gettid(),
                    .cpu = ::sched_getcpu()};
  for (const auto& listener : worker.listeners) {
    if (!listener->acceptor) continue;
    activity.accepted += listener->acceptor->accepted();
    activity.starved += listener->acceptor->starvations();
  }
  return activity;
}

void clear_activity(proxy::WorkerContext& worker) {
  worker.io->clear_turns();
  worker.cpu_cleared = cpu_of_this_thread();
  for (const auto& listener : worker.listeners)
    if (listener->acceptor) listener->acceptor->clear_counts();
}

}  // namespace weir::admin
