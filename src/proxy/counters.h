// Counters that cost nothing to write: each worker adds to its own, a reader sums them.
//
// A Counter has one writer (the worker it belongs to) and any number of readers, so an add is a plain load and store
// that the memory model knows of. Gauges (current sessions) are shared atomics instead: a log line prints them for the
// process.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>

#include "base/time.h"

namespace weir::proxy {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void clear() { value_.store(0, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that goes up and down and remembers how high it was. Any thread.
class Gauge {
 public:
  std::uint32_t increment() {
    const std::uint32_t now = value_.fetch_add(1, std::memory_order_relaxed) + 1;
    note_max(now);
    return now;
  }
  /// One more, unless that would be above `limit` (0: none).
  bool admit(std::uint32_t limit) {
    const std::uint32_t now = value_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (limit != 0 && now > limit) {
      value_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    note_max(now);
    return true;
  }
  std::uint32_t decrement() { return value_.fetch_sub(1, std::memory_order_relaxed) - 1; }
  [[nodiscard]] std::uint32_t value() const { return value_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t max() const { return max_.load(std::memory_order_relaxed); }
  void clear_max() { max_.store(value(), std::memory_order_relaxed); }
  void note_max(std::uint32_t now) {
    std::uint32_t seen = max_.load(std::memory_order_relaxed);
    while (now > seen && !max_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<std::uint32_t> value_{0};
  std::atomic<std::uint32_t> max_{0};
};

/// Events over the last second, from two counting periods: the running one and the share of the one before that a
/// sliding second still covers. Any thread; two threads that cross a second together may lose an event of the old one,
/// never invent one.
class Rate {
 public:
  /// `now_ms` is any monotonic millisecond count.
  std::uint32_t add(std::uint64_t now_ms, std::uint32_t n = 1) {
    rotate(now_ms);
    current_.fetch_add(n, std::memory_order_relaxed);
    const std::uint32_t rate = value(now_ms);
    std::uint32_t seen = max_.load(std::memory_order_relaxed);
    while (rate > seen && !max_.compare_exchange_weak(seen, rate, std::memory_order_relaxed)) {
    }
    return rate;
  }
  [[nodiscard]] std::uint32_t value(std::uint64_t now_ms) const;
  /// How many milliseconds to wait until one more event keeps the rate within `limit` (0: none): 0 is now.
  [[nodiscard]] std::uint64_t wait(std::uint64_t now_ms, std::uint32_t limit) const;
  [[nodiscard]] std::uint32_t max() const { return max_.load(std::memory_order_relaxed); }
  void clear_max() { max_.store(0, std::memory_order_relaxed); }

 private:
  void rotate(std::uint64_t now_ms);

  std::atomic<std::uint64_t> second_{0};
  std::atomic<std::uint32_t> current_{0};
  std::atomic<std::uint32_t> previous_{0};
  std::atomic<std::uint32_t> max_{0};
};

/// One T per worker, each on cache lines of its own.
template <class T>
class PerWorker {
 public:
  explicit PerWorker(unsigned workers) : count_(workers), slots_(std::make_unique<Slot[]>(workers)) {}
  T& operator[](unsigned worker) { return slots_[worker].value; }
  const T& operator[](unsigned worker) const { return slots_[worker].value; }
  [[nodiscard]] unsigned size() const { return count_; }
  /// The sum over all workers of one Counter member.
  [[nodiscard]] std::uint64_t sum(Counter T::* member) const {
    std::uint64_t total = 0;
    for (unsigned i = 0; i < count_; i++) total += (slots_[i].value.*member).value();
    return total;
  }

 private:
  struct alignas(64) Slot {
    T value;
  };
  unsigned count_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace weir::proxy
