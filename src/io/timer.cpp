#include "io/timer.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace weir::io {

TimerWheel::TimerWheel(TimePoint origin) : origin_(origin) {}

TimerWheel::~TimerWheel() {
  // Armed timers outlive the wheel only as unarmed ones.
  for (Level& level : levels_) {
    for (detail::TimerLink& slot : level.slots) {
      while (slot.next != &slot) static_cast<Timer*>(slot.next)->unlink();
    }
  }
}

std::uint64_t TimerWheel::floor_tick(TimePoint at) const {
  if (at <= origin_) return 0;
  const auto ms = std::chrono::floor<Milliseconds>(at - origin_).count();
  return std::min(static_cast<std::uint64_t>(ms), kLastTick);
}

std::uint64_t TimerWheel::ceil_tick(TimePoint at) const {
  const std::uint64_t tick = floor_tick(at);
  if (at <= origin_ || tick == kLastTick) return tick;
  return origin_ + Milliseconds(tick) < at ? tick + 1 : tick;
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) {
  if (deadline == TimePoint::max()) {
    timer.unlink();
    return;
  }
  timer.deadline_ = std::max(ceil_tick(deadline), tick_ + 1);
  if (timer.armed() && timer.place_ <= timer.deadline_) return;
  timer.unlink();
  insert(timer);
}

void TimerWheel::insert(Timer& timer) {
  timer.place_ = std::min(timer.deadline_, kLastTick);
  const std::uint64_t differing = (timer.place_ ^ tick_) | 1;
  const unsigned level = (63U - static_cast<unsigned>(std::countl_zero(differing))) / kBits;
  const unsigned index = static_cast<unsigned>(timer.place_ >> (level * kBits)) & 63U;
  levels_[level].occupied |= 1ULL << index;
  detail::TimerLink& slot = levels_[level].slots[index];
  timer.previous = slot.previous;
  timer.next = &slot;
  slot.previous->next = &timer;
  slot.previous = &timer;
}

bool TimerWheel::next_slot(unsigned& level, unsigned& index, std::uint64_t& tick) {
  for (level = 0; level < kLevels; ++level) {
    Level& row = levels_[level];
    while (row.occupied != 0) {
      index = static_cast<unsigned>(std::countr_zero(row.occupied));
      if (row.slots[index].next == &row.slots[index]) {
        row.occupied &= row.occupied - 1;
        continue;
      }
      const unsigned shift = level * kBits;
      tick = (tick_ >> (shift + kBits) << (shift + kBits)) | (static_cast<std::uint64_t>(index) << shift);
      return true;
    }
  }
  return false;
}

void TimerWheel::advance(TimePoint now) {
  const std::uint64_t target = floor_tick(now);
  unsigned level = 0;
  unsigned index = 0;
  std::uint64_t tick = 0;
  while (target > tick_ && next_slot(level, index, tick) && tick <= target) {
    tick_ = tick;
    // The slot moves to a list of its own first: callbacks may arm into the same slot, or cancel what waits here.
    detail::TimerLink due;
    detail::TimerLink& slot = levels_[level].slots[index];
    due.next = slot.next;
    due.previous = slot.previous;
    due.next->previous = due.previous->next = &due;
    slot.next = slot.previous = &slot;
    levels_[level].occupied &= ~(1ULL << index);
    while (due.next != &due) {
      Timer& timer = *static_cast<Timer*>(due.next);
      timer.unlink();
      if (timer.deadline_ > tick_) {
        insert(timer);
      } else {
        timer.callback_(timer.object_);
      }
    }
  }
  tick_ = std::max(tick_, target);
}

int TimerWheel::timeout(TimePoint now) {
  unsigned level = 0;
  unsigned index = 0;
  std::uint64_t tick = 0;
  if (!next_slot(level, index, tick)) return -1;
  // Rounded up: waking a fraction of a tick early would only mean another empty turn.
  const auto wait = std::chrono::ceil<Milliseconds>(origin_ + Milliseconds(tick) - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, std::numeric_limits<int>::max()));
}

}  // namespace weir::io
