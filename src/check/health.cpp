// The counter's moves. Observed from outside on HAProxy 2.6 and written down in health_test.cpp.
#include "check/health.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::check {
namespace {

constexpr std::uint8_t bit(Admin flag) { return static_cast<std::uint8_t>(flag); }
constexpr std::uint8_t kMaintenance =
    bit(Admin::forced_maint) | bit(Admin::inherited_maint) | bit(Admin::resolution_maint);
constexpr std::uint8_t kDrain = bit(Admin::forced_drain) | bit(Admin::inherited_drain);

Transition towards(State state) {
  switch (state) {
    case State::stopped: return Transition::down;
    case State::stopping: return Transition::stopping;
    default: return Transition::up;
  }
}

}  // namespace

Health::Health(std::uint32_t rise, std::uint32_t fall, bool checked)
    : rise_(std::max(rise, 1U)), fall_(std::max(fall, 1U)), counter_(rise_), checked_(checked) {}

bool Health::set_state(State state) {
  if (state_ == state) return false;
  state_ = state;
  return true;
}

Change Health::apply(const CheckResult& result) {
  Change change;
  // A result that was on its way when maintenance began says nothing about the server that will come back.
  if (!conclusive(result.status) || in_maintenance()) return change;
  const std::uint32_t top = rise_ + fall_ - 1;
  const std::uint32_t before = counter_;
  const State was = state_;
  if (passed(result.status)) {
    if (counter_ + 1 < rise_) {
      counter_++;
    } else {
      counter_ = top;
      set_state(result.status == Status::l7okc ? State::stopping : State::running);
    }
  } else {
    change.counts_as_failure = up();
    // Not yet confirmed or on the last life: gone at once.
    if (counter_ > rise_) {
      counter_--;
    } else {
      counter_ = 0;
      set_state(State::stopped);
    }
  }
  if (state_ != was) change.transition = towards(state_);
  change.counts_as_down = change.transition == Transition::down;
  change.log_check = counter_ != before || last_.status != result.status || last_.code != result.code;
  last_ = result;
  return change;
}

Change Health::force(State state) {
  Change change;
  counter_ = state == State::stopped ? 0 : rise_ + fall_ - 1;
  if (in_maintenance() || !set_state(state)) return change;
  change.transition = towards(state);
  change.counts_as_down = change.transition == Transition::down;
  return change;
}

Change Health::set_admin(Admin flag, bool on) {
  Change change;
  const bool was = in_maintenance();
  admin_ = static_cast<std::uint8_t>(on ? admin_ | bit(flag) : admin_ & ~bit(flag));
  const bool is = in_maintenance();
  if (was == is) return change;
  if (is) {
    change.counts_as_down = up();
    change.transition = up() ? Transition::down : Transition::none;
    counter_ = 0;
    state_ = State::stopped;
  } else {
    counter_ = rise_;
    state_ = State::running;
    change.transition = Transition::up;
  }
  return change;
}

void Health::reconfigure(std::uint32_t rise, std::uint32_t fall, bool checked) {
  const bool top = counter_ == rise_ + fall_ - 1;
  const bool was_up = up();
  const std::uint32_t above = counter_ > rise_ ? counter_ - rise_ : 0;
  rise_ = std::max(rise, 1U);
  fall_ = std::max(fall, 1U);
  checked_ = checked;
  if (!was_up) {
    counter_ = checked ? std::min(counter_, rise_ - 1) : 0;
  } else {
    counter_ = top ? rise_ + fall_ - 1 : rise_ + std::min(above, fall_ - 1);
  }
}

void Health::restore(State state, std::uint32_t counter, const CheckResult& last) {
  state_ = in_maintenance() ? State::stopped : state;
  counter_ = up() ? std::clamp(counter, rise_, rise_ + fall_ - 1) : std::min(counter, rise_ - 1);
  last_ = last;
}

bool Health::in_maintenance() const { return (admin_ & kMaintenance) != 0; }
bool Health::draining() const { return (admin_ & kDrain) != 0 && !in_maintenance(); }
bool Health::usable() const {
  return (state_ == State::running || state_ == State::starting) && !in_maintenance() && !draining();
}
bool Health::usable_by_persistence() const { return up() && !in_maintenance(); }

Milliseconds Health::interval(const CheckConfig& config) const {
  if (last_.status == Status::ini) return config.fastinter.value_or(config.inter);
  if (state_ == State::stopped && counter_ == 0) return config.downinter.value_or(config.inter);
  if (up() && counter_ == rise_ + fall_ - 1) return config.inter;
  return config.fastinter.value_or(config.inter);
}

std::string Health::status_text() const {
  if (in_maintenance()) return "MAINT";
  if (state_ == State::stopped)
    return counter_ > 0 && checked_ ? fmt::format("DOWN {}/{}", counter_, rise_) : std::string("DOWN");
  const std::uint32_t lives = counter_ - rise_ + 1;
  // COMPAT: observed on 2.6 after maintenance.
  if (draining()) return checked_ && lives < fall_ ? fmt::format("DRAIN {}/{}", lives, fall_) : std::string("DRAIN");
  if (state_ == State::stopping) return "NOLB";
  if (!checked_) return "no check";
  return lives < fall_ ? fmt::format("UP {}/{}", lives, fall_) : std::string("UP");
}

}  // namespace weir::check
