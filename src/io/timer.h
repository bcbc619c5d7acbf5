// A hierarchical timer wheel with ticks of one millisecond.
//
// Seven levels of 64 slots; a timer lies on the level of the highest digit in which its tick differs from the wheel's,
// so lower levels always come due first and a bitmap per level finds the next one. 2^42 ms is more than a century:
// nothing wraps. Re-arming is lazy: moving a deadline later is one store; when the old place comes due the wheel sees
// the later deadline and puts the timer there. A timeout pushed forward by every packet therefore costs a store per
// packet. A timer fires at its deadline rounded up to a tick, never early, and at most once per arm. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace weir::io {

using TimerCallback = void (*)(void* object);

namespace detail {
struct TimerLink {
  TimerLink* next = this;
  TimerLink* previous = this;
};
}  // namespace detail

/// Lives inside the object it wakes; cancelled when destroyed. Not movable while armed, therefore never.
class Timer : private detail::TimerLink {
 public:
  Timer() = default;
  Timer(TimerCallback callback, void* object) : callback_(callback), object_(object) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }

  void set(TimerCallback callback, void* object) {
    callback_ = callback;
    object_ = object;
  }
  [[nodiscard]] bool armed() const { return next != this; }
  /// The deadline it was armed for, rounded up to a tick; only while armed. In ms of the wheel's own count.
  [[nodiscard]] std::uint64_t deadline_tick() const { return deadline_; }
  /// O(1); also inside any timer's callback. An unarmed timer: nothing.
  void cancel() { unlink(); }

 private:
  friend class TimerWheel;
  void unlink() {
    next->previous = previous;
    previous->next = next;
    next = previous = this;
  }

  TimerCallback callback_ = nullptr;
  void* object_ = nullptr;
  std::uint64_t deadline_ = 0;
  std::uint64_t place_ = 0;  // the tick under which the wheel holds it; <= deadline_
};
static_assert(sizeof(Timer) == 48);

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint origin);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// Arms, or moves an armed timer. TimePoint::max() cancels. A deadline in the past fires in the next advance() to a
  /// later tick.
  void arm(Timer& timer, TimePoint deadline);
  void cancel(Timer& timer) { timer.cancel(); }
  /// Fires everything due at `now`. Callbacks may arm, cancel and destroy any timer, their own included.
  void advance(TimePoint now);
  /// How long epoll may sleep: milliseconds until the next place comes due, -1 for never. May be early (lazy timers),
  /// never late.
  [[nodiscard]] int timeout(TimePoint now);

 private:
  static constexpr unsigned kBits = 6;
  static constexpr unsigned kLevels = 7;
  static constexpr std::uint64_t kLastTick = (1ULL << (kBits * kLevels)) - 1;
  struct Level {
    std::uint64_t occupied = 0;  // a bit may outlive its slot's last timer; cleared when seen
    std::array<detail::TimerLink, 64> slots;
  };

  [[nodiscard]] std::uint64_t ceil_tick(TimePoint at) const;
  [[nodiscard]] std::uint64_t floor_tick(TimePoint at) const;
  void insert(Timer& timer);
  /// The next slot to look at: its level, index and the tick it begins at; false when the wheel is empty.
  bool next_slot(unsigned& level, unsigned& index, std::uint64_t& tick);

  TimePoint origin_;
  std::uint64_t tick_ = 0;  // everything up to here has fired
  std::array<Level, kLevels> levels_;
};

}  // namespace weir::io
