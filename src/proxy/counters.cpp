#include "proxy/counters.h"

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

}  // namespace weir::proxy
