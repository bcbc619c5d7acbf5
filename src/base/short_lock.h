// A lock for what takes some tens of nanoseconds: taken by one atomic exchange, left by one plain store.
//
// A mutex must learn at its end whether somebody sleeps, which is a second atomic exchange and a call into the C
// library: as much again as the work it guards (connection_bench, counters). Nobody sleeps here: who finds it taken
// looks again for a while, then lets others run, for the holder may have been put aside by the kernel. So nothing that
// waits may be done under it. Meets what std::scoped_lock wants.
#pragma once

#include <sched.h>

#include <atomic>

namespace weir {

class ShortLock {
 public:
  ShortLock() = default;
  ShortLock(const ShortLock&) = delete;
  ShortLock& operator=(const ShortLock&) = delete;

  void lock() {
    if (!taken_.exchange(true, std::memory_order_acquire)) return;
    wait();
  }
  bool try_lock() { return !taken_.exchange(true, std::memory_order_acquire); }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  [[gnu::noinline]] void wait() {
    constexpr int kLooks = 100;
    for (;;) {
      for (int i = 0; i < kLooks; ++i) {
        if (!taken_.load(std::memory_order_relaxed) && try_lock()) return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      }
      ::sched_yield();
    }
  }
  std::atomic<bool> taken_{false};
};

}  // namespace weir
