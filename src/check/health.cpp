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

Health::Health(std::uint32_t rise, std::uint32_t fall, bool checked, InitState init, bool agent)
    : rise_(std::max(rise, 1U)),
      fall_(std::max(fall, 1U)),
      counter_(rise_),
      init_(init),
      checked_(checked),
      agent_(agent) {
  start_over();
}

bool Health::set_state(State state) {
  if (state_ == state) return false;
  state_ = state;
  return true;
}

// Manual, init-state: how many checks it takes from here to the other side.
void Health::start_over() {
  switch (init_) {
    case InitState::none:
    case InitState::up: counter_ = rise_; break;
    case InitState::fully_up: counter_ = rise_ + fall_ - 1; break;
    case InitState::down: counter_ = rise_ - 1; break;
    case InitState::fully_down: counter_ = 0; break;
  }
  state_ = counter_ >= rise_ && !agent_vetoes() ? State::running : State::stopped;
  if (following_) state_ = leader_.state;
}

// Not yet confirmed or on the last life: gone at once.
void Health::lose_one(Change& change) {
  change.counts_as_failure = counter_ >= rise_;
  if (counter_ > rise_) {
    counter_--;
  } else {
    counter_ = 0;
    set_state(State::stopped);
  }
}

void Health::finish(Change& change, State was) const {
  if (state_ != was) change.transition = towards(state_);
  change.counts_as_down = change.transition == Transition::down;
}

Change Health::apply(const CheckResult& result) {
  Change change;
  // A result that was on its way when maintenance began says nothing about the server that will come back.
  if (!conclusive(result.status) || in_maintenance()) return change;
  const std::uint32_t before = counter_;
  const State was = state_;
  if (!passed(result.status)) {
    lose_one(change);
  } else if (counter_ + 1 < rise_) {
    counter_++;
  } else {
    counter_ = rise_ + fall_ - 1;
    if (!agent_vetoes()) set_state(result.status == Status::l7okc ? State::stopping : State::running);
  }
  finish(change, was);
  change.log_check = counter_ != before || last_.status != result.status || last_.code != result.code;
  last_ = result;
  return change;
}

// Manual, agent-check: "down" acts at once; "up" lifts the server if the checks agree that it can be reached.
Change Health::apply_agent(const CheckResult& result) {
  Change change;
  const State was = state_;
  const bool before = agent_up_;
  if (result.status == Status::l7ok) {
    agent_up_ = true;
    const bool reachable = !checked_ || counter_ >= rise_;
    if (reachable && !in_maintenance() && state_ == State::stopped)
      set_state(last_.status == Status::l7okc ? State::stopping : State::running);
  } else if (result.status == Status::l7sts) {
    agent_up_ = false;
    set_state(State::stopped);
  }
  finish(change, was);
  change.log_check = result.status != Status::checked &&
                     (agent_up_ != before || last_agent_.status != result.status || last_agent_.code != result.code);
  last_agent_ = result;
  return change;
}

Change Health::observe(OnError mode, const CheckResult& result) {
  Change change;
  if (mode == OnError::fastinter || in_maintenance() || counter_ < rise_) return change;
  const State was = state_;
  if (mode == OnError::sudden_death) counter_ = std::min(counter_, rise_ + 1);
  if (mode == OnError::mark_down) counter_ = rise_;
  lose_one(change);
  finish(change, was);
  change.log_check = true;
  last_ = result;
  return change;
}

Change Health::follow(const Leader& leader) {
  Change change;
  following_ = true;
  leader_ = leader;
  const State was = state_;
  const auto mark = [&](Admin flag, bool on) {
    admin_ = static_cast<std::uint8_t>(on ? admin_ | bit(flag) : admin_ & ~bit(flag));
  };
  mark(Admin::inherited_maint, leader.maintenance);
  mark(Admin::inherited_drain, leader.drain);
  set_state(in_maintenance() ? State::stopped : leader.state);
  finish(change, was);
  return change;
}

bool Health::stop_following() {
  if (!following_) return false;
  following_ = false;
  admin_ = static_cast<std::uint8_t>(admin_ & ~(bit(Admin::inherited_maint) | bit(Admin::inherited_drain)));
  if (!in_maintenance()) start_over();
  return true;
}

Leader Health::as_leader(bool checks_run) const {
  Leader leader{.state = state_,
                .maintenance = in_maintenance(),
                .drain = (admin_ & kDrain) != 0,
                .counter = counter_,
                .rise = rise_,
                .fall = fall_,
                .checked = checked_ && checks_run};
  if (!following_) return leader;
  leader.counter = leader_.counter;
  leader.rise = leader_.rise;
  leader.fall = leader_.fall;
  leader.checked = leader_.checked;
  return leader;
}

Change Health::force(State state) {
  Change change;
  counter_ = state == State::stopped ? 0 : rise_ + fall_ - 1;
  const State was = state_;
  if (!in_maintenance()) set_state(state);
  finish(change, was);
  return change;
}

Change Health::force_agent(bool up) {
  Change change;
  const State was = state_;
  agent_up_ = up;
  if (!in_maintenance()) set_state(up ? State::running : State::stopped);
  finish(change, was);
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
    start_over();
    if (up()) change.transition = towards(state_);
  }
  return change;
}

void Health::reconfigure(std::uint32_t rise, std::uint32_t fall, bool checked, InitState init, bool agent) {
  const bool top = counter_ == rise_ + fall_ - 1;
  const bool was_up = counter_ >= rise_;
  const std::uint32_t above = counter_ > rise_ ? counter_ - rise_ : 0;
  rise_ = std::max(rise, 1U);
  fall_ = std::max(fall, 1U);
  checked_ = checked;
  init_ = init;
  if (agent && !agent_) agent_up_ = true;
  agent_ = agent;
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
  const Leader shown = as_leader(true);
  if (state_ == State::stopped) {
    if (agent_vetoes()) return "DOWN (agent)";
    const bool rising = shown.counter > 0 && shown.counter < shown.rise && shown.checked;
    return rising ? fmt::format("DOWN {}/{}", shown.counter, shown.rise) : std::string("DOWN");
  }
  const std::uint32_t lives = shown.counter >= shown.rise ? shown.counter - shown.rise + 1 : 1;
  const bool proven = !shown.checked || lives >= shown.fall;
  // COMPAT: observed on 2.6 after maintenance.
  if (draining())
    return (proven ? std::string("DRAIN") : fmt::format("DRAIN {}/{}", lives, shown.fall)) + (agent_ ? " (agent)" : "");
  if (state_ == State::stopping) return "NOLB";
  if (!shown.checked) return "no check";
  return proven ? std::string("UP") : fmt::format("UP {}/{}", lives, shown.fall);
}

}  // namespace weir::check
