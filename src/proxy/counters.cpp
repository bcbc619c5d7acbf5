#include "proxy/counters.h"

#include <algorithm>

namespace weir::proxy {

void Rate::rotate(std::uint64_t now_ms) {
  const std::uint64_t second = now_ms / 1000;
  std::uint64_t seen = second_.load(std::memory_order_relaxed);
  if (seen == second || !second_.compare_exchange_strong(seen, second, std::memory_order_relaxed)) return;
  const std::uint32_t finished = current_.exchange(0, std::memory_order_relaxed);
  previous_.store(second == seen + 1 ? finished : 0, std::memory_order_relaxed);
}

std::uint32_t Rate::value(std::uint64_t now_ms) const {
  const std::uint64_t second = now_ms / 1000;
  const std::uint64_t seen = second_.load(std::memory_order_relaxed);
  const std::uint64_t left = 1000 - now_ms % 1000;  // how much of the sliding second lies in the period before
  const std::uint32_t current = current_.load(std::memory_order_relaxed);
  if (seen == second)
    return current + static_cast<std::uint32_t>(previous_.load(std::memory_order_relaxed) * left / 1000);
  if (seen + 1 == second) return static_cast<std::uint32_t>(current * left / 1000);
  return 0;
}

std::uint64_t Rate::wait(std::uint64_t now_ms, std::uint32_t limit) const {
  constexpr std::uint64_t kSecond = 1000;
  if (limit == 0 || value(now_ms) < limit) return 0;
  const std::uint64_t second = now_ms / kSecond;
  const std::uint64_t into = now_ms % kSecond;
  const std::uint32_t current = current_.load(std::memory_order_relaxed);
  // In a period that had `old` events before it and has `now` in it: from which millisecond on is there room?
  const auto room_from = [&](std::uint64_t old, std::uint64_t now) -> std::uint64_t {
    return old == 0 ? 0 : kSecond - std::min(kSecond, ((limit - now) * kSecond - 1) / old);
  };
  if (second_.load(std::memory_order_relaxed) != second)  // nothing yet in this one
    return std::max<std::uint64_t>(1, room_from(current, 0) - std::min(into, room_from(current, 0)));
  if (current < limit) {
    const std::uint64_t from = room_from(previous_.load(std::memory_order_relaxed), current);
    return std::max<std::uint64_t>(1, from - std::min(into, from));
  }
  return kSecond - into + room_from(current, 0);
}

}  // namespace weir::proxy
