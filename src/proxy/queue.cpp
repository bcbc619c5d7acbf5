#include "proxy/queue.h"

#include "base/assert.h"

namespace weir::proxy {
namespace {

constexpr unsigned kTimeBits = 48;  // of milliseconds: thousands of years
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
constexpr std::int64_t kLift = std::int64_t{1} << 32U;  // more than any offset: the time never falls below zero

}  // namespace

std::uint64_t queue_order(QueuePriority priority, TimePoint arrival) {
  const auto now = std::chrono::duration_cast<Milliseconds>(arrival.time_since_epoch()).count();
  const auto time = static_cast<std::uint64_t>(now + kLift + priority.offset_ms);
  const auto rank = static_cast<std::uint64_t>(std::int64_t{priority.rank} - INT16_MIN);
  return (rank << kTimeBits) | (time & kTimeMask);
}

void WaitLine::push(Waiter& waiter) {
  WEIR_ASSERT(waiter.line == nullptr);
  waiter.line = this;
  // Without priorities whoever comes is the last.
  waiters_.insert(waiters_.end(), &waiter);
}

void WaitLine::remove(Waiter& waiter) {
  WEIR_ASSERT(waiter.line == this);
  waiters_.erase(&waiter);
  waiter.line = nullptr;
}

}  // namespace weir::proxy
