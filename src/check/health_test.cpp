#include "check/health.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::check {
namespace {

CheckResult pass() { return {.status = Status::l4ok}; }
CheckResult failure() { return {.status = Status::l4con, .info = "Connection refused"}; }

struct Move {
  bool pass;
  std::uint32_t counter;
  std::string status;
  Transition transition;
  bool logged;
};

struct Story {
  const char* name;
  std::uint32_t rise;
  std::uint32_t fall;
  std::vector<Move> moves;
};

TEST(Health, RisesAndFalls) {
  using enum Transition;
  const Story stories[] = {
      {"one pass confirms a new server", 3, 3, {{true, 5, "UP", none, true}, {true, 5, "UP", none, false}}},
      {"one failure takes an unproven server down",
       2,
       3,
       {{false, 0, "DOWN", down, true}, {false, 0, "DOWN", none, false}}},
      {"a proven server has `fall` lives",
       3,
       3,
       {{true, 5, "UP", none, true},
        {false, 4, "UP 2/3", none, true},
        {false, 3, "UP 1/3", none, true},
        {false, 0, "DOWN", down, true}}},
      {"a dead server needs `rise` passes",
       3,
       3,
       {{false, 0, "DOWN", down, true},
        {true, 1, "DOWN 1/3", none, true},
        {true, 2, "DOWN 2/3", none, true},
        {true, 5, "UP", up, true}}},
      {"a failure on the way up starts over",
       3,
       2,
       {{false, 0, "DOWN", down, true}, {true, 1, "DOWN 1/3", none, true}, {false, 0, "DOWN", none, true}}},
      {"a pass on the way down restores all lives",
       2,
       3,
       {{true, 4, "UP", none, true}, {false, 3, "UP 2/3", none, true}, {true, 4, "UP", none, true}}},
      {"rise 1 fall 1", 1, 1, {{true, 1, "UP", none, true}, {false, 0, "DOWN", down, true}, {true, 1, "UP", up, true}}},
  };
  for (const Story& story : stories) {
    SCOPED_TRACE(story.name);
    Health health(story.rise, story.fall, true);
    for (const Move& move : story.moves) {
      const bool was_up = health.up();
      const Change change = health.apply(move.pass ? pass() : failure());
      EXPECT_EQ(health.counter(), move.counter);
      EXPECT_EQ(health.status_text(), move.status);
      EXPECT_EQ(change.transition, move.transition);
      EXPECT_EQ(change.log_check, move.logged);
      EXPECT_EQ(change.counts_as_failure, was_up && !move.pass);
      EXPECT_EQ(change.counts_as_down, move.transition == down);
    }
  }
}

TEST(Health, AnotherKindOfFailureIsLogged) {
  Health health(2, 1, true);
  health.apply(failure());
  EXPECT_TRUE(health.apply({.status = Status::l4tout}).log_check);
  EXPECT_FALSE(health.apply({.status = Status::l4tout}).log_check);
}

TEST(Health, ChoosesTheInterval) {
  CheckConfig config;
  config.inter = Milliseconds(1000);
  config.fastinter = Milliseconds(300);
  config.downinter = Milliseconds(600);
  Health health(2, 2, true);
  EXPECT_EQ(health.interval(config).count(), 300);  // yet unchecked
  health.apply(pass());
  EXPECT_EQ(health.interval(config).count(), 1000);
  health.apply(failure());
  EXPECT_EQ(health.interval(config).count(), 300);
  health.apply(failure());
  EXPECT_EQ(health.interval(config).count(), 600);
  health.apply(pass());
  EXPECT_EQ(health.interval(config).count(), 300);
  config.fastinter.reset();
  config.downinter.reset();
  EXPECT_EQ(health.interval(config).count(), 1000);
}

TEST(Health, MaintenanceStartsOver) {
  Health health(2, 3, true);
  health.apply(pass());
  const Change entered = health.set_admin(Admin::forced_maint, true);
  EXPECT_EQ(entered.transition, Transition::down);
  EXPECT_TRUE(entered.counts_as_down);
  EXPECT_EQ(health.status_text(), "MAINT");
  EXPECT_EQ(health.state(), State::stopped);
  EXPECT_EQ(health.counter(), 0U);
  EXPECT_EQ(health.apply(pass()).transition, Transition::none) << "a late result changes nothing";
  EXPECT_EQ(health.set_admin(Admin::inherited_maint, true).transition, Transition::none);
  EXPECT_EQ(health.set_admin(Admin::forced_maint, false).transition, Transition::none);
  EXPECT_EQ(health.set_admin(Admin::inherited_maint, false).transition, Transition::up);
  EXPECT_EQ(health.status_text(), "UP 1/3");
  EXPECT_EQ(health.counter(), 2U);
}

TEST(Health, ADisabledWordAloneIsNoMaintenance) {
  Health health(2, 3, true);
  health.set_admin(Admin::config_maint, true);
  EXPECT_FALSE(health.in_maintenance());
  EXPECT_EQ(health.admin_flags(), 4);
}

TEST(Health, DrainKeepsUsersWhoBelong) {
  Health health(2, 3, true);
  health.apply(pass());
  EXPECT_TRUE(health.usable());
  EXPECT_EQ(health.set_admin(Admin::forced_drain, true).transition, Transition::none);
  EXPECT_EQ(health.status_text(), "DRAIN");
  EXPECT_FALSE(health.usable());
  EXPECT_TRUE(health.usable_by_persistence());
  EXPECT_EQ(health.counter(), 4U);
  health.set_admin(Admin::forced_maint, true);
  health.set_admin(Admin::forced_maint, false);
  EXPECT_EQ(health.status_text(), "DRAIN 1/3");
}

TEST(Health, IsForced) {
  Health health(2, 3, true);
  health.apply(pass());
  EXPECT_EQ(health.force(State::stopped).transition, Transition::down);
  EXPECT_EQ(health.counter(), 0U);
  EXPECT_EQ(health.force(State::running).transition, Transition::up);
  EXPECT_EQ(health.counter(), 4U);
  EXPECT_EQ(health.force(State::stopping).transition, Transition::stopping);
  EXPECT_EQ(health.status_text(), "NOLB");
  EXPECT_EQ(health.force(State::stopping).transition, Transition::none);
}

TEST(Health, WithoutChecks) {
  Health health(2, 3, false);
  EXPECT_EQ(health.status_text(), "no check");
  health.force(State::stopped);
  EXPECT_EQ(health.status_text(), "DOWN");
}

TEST(Health, KeepsItsMeaningWhenRiseAndFallChange) {
  Health top(2, 3, true);
  top.apply(pass());
  top.reconfigure(5, 4, true);
  EXPECT_EQ(top.status_text(), "UP");
  EXPECT_EQ(top.counter(), 8U);
  Health dying(2, 5, true);
  dying.apply(pass());
  dying.apply(failure());
  dying.reconfigure(2, 2, true);
  EXPECT_EQ(dying.status_text(), "UP");
  Health dead(4, 1, true);
  dead.apply(failure());
  dead.apply(pass());
  dead.apply(pass());
  dead.reconfigure(2, 1, true);
  EXPECT_EQ(dead.status_text(), "DOWN 1/2");
}

TEST(Health, IsRestored) {
  Health health(2, 3, true);
  health.restore(State::stopped, 7, failure());
  EXPECT_EQ(health.status_text(), "DOWN 1/2") << "a counter of another rise is cut to this one's";
  EXPECT_EQ(health.last().info, "Connection refused");
}

// Manual, init-state.
TEST(Health, StartsWhereItIsTold) {
  struct Row {
    InitState init;
    std::string status;
    std::vector<bool> passes;
    std::string then;
  };
  const Row rows[] = {
      {InitState::none, "UP 1/3", {false}, "DOWN"},
      {InitState::up, "UP 1/3", {false}, "DOWN"},
      {InitState::up, "UP 1/3", {true}, "UP"},
      {InitState::fully_up, "UP", {false, false}, "UP 1/3"},
      {InitState::fully_up, "UP", {false, false, false}, "DOWN"},
      {InitState::down, "DOWN 2/3", {true}, "UP"},
      {InitState::down, "DOWN 2/3", {false}, "DOWN"},
      {InitState::fully_down, "DOWN", {true, true}, "DOWN 2/3"},
      {InitState::fully_down, "DOWN", {true, true, true}, "UP"},
  };
  for (const Row& row : rows) {
    Health health(3, 3, true, row.init);
    EXPECT_EQ(health.status_text(), row.status);
    for (const bool passes : row.passes) health.apply(passes ? pass() : failure());
    EXPECT_EQ(health.status_text(), row.then);
    // The same after maintenance.
    health.set_admin(Admin::forced_maint, true);
    const Change left = health.set_admin(Admin::forced_maint, false);
    EXPECT_EQ(health.status_text(), row.status);
    EXPECT_EQ(left.transition, health.up() ? Transition::up : Transition::none);
  }
}

// Manual, on-error. Observed on 2.6.
TEST(Health, ObservedTrafficCountsAsChecks) {
  struct Row {
    OnError mode;
    std::vector<std::string> statuses;
  };
  const Row rows[] = {
      {OnError::fastinter, {"UP", "UP", "UP"}},
      {OnError::fail_check, {"UP 2/3", "UP 1/3", "DOWN"}},
      {OnError::sudden_death, {"UP 1/3", "DOWN", "DOWN"}},
      {OnError::mark_down, {"DOWN", "DOWN"}},
  };
  for (const Row& row : rows) {
    Health health(2, 3, true);
    health.apply(pass());
    bool was_up = true;
    for (const std::string& status : row.statuses) {
      const Change change = health.observe(row.mode, {.status = Status::hana, .duration = CheckResult::kNoDuration});
      EXPECT_EQ(health.status_text(), status);
      EXPECT_EQ(change.counts_as_failure, was_up && row.mode != OnError::fastinter);
      EXPECT_EQ(change.transition == Transition::down, was_up && !health.up());
      was_up = health.up();
    }
  }
  Health idle(2, 3, true);
  idle.set_admin(Admin::forced_maint, true);
  EXPECT_EQ(idle.observe(OnError::mark_down, {.status = Status::hana}).transition, Transition::none);
}

// Manual, track: the other's state as it is, its maintenance and drain too.
TEST(Health, Follows) {
  Health leader(4, 4, true);
  Health follower(2, 3, false);
  const auto hand_on = [&] { return follower.follow(leader.as_leader(true)); };
  leader.apply(pass());
  EXPECT_EQ(hand_on().transition, Transition::none);
  EXPECT_EQ(follower.status_text(), "UP");
  leader.apply(failure());
  EXPECT_EQ(hand_on().transition, Transition::none);
  EXPECT_EQ(follower.status_text(), "UP 3/4");
  for (int i = 0; i < 3; i++) leader.apply(failure());
  EXPECT_EQ(hand_on().transition, Transition::down);
  EXPECT_EQ(follower.status_text(), "DOWN");
  leader.apply(pass());
  hand_on();
  EXPECT_EQ(follower.status_text(), "DOWN 1/4");
  leader.force(State::stopping);
  EXPECT_EQ(hand_on().transition, Transition::stopping);
  leader.set_admin(Admin::forced_maint, true);
  EXPECT_EQ(hand_on().transition, Transition::down);
  EXPECT_TRUE(follower.in_maintenance());
  EXPECT_EQ(follower.admin_flags(), static_cast<int>(Admin::inherited_maint));
  leader.set_admin(Admin::forced_maint, false);
  leader.set_admin(Admin::forced_drain, true);
  EXPECT_EQ(hand_on().transition, Transition::up);
  EXPECT_TRUE(follower.draining());
  // Its own maintenance is its own affair; what it comes back to is the other's state.
  follower.set_admin(Admin::forced_maint, true);
  leader.set_admin(Admin::forced_drain, false);
  leader.force(State::stopped);
  hand_on();
  EXPECT_EQ(follower.set_admin(Admin::forced_maint, false).transition, Transition::none);
  EXPECT_EQ(follower.status_text(), "DOWN");
  // A chain hands on what it was handed.
  Health third(1, 1, false);
  third.follow(follower.as_leader(true));
  EXPECT_EQ(third.status_text(), "DOWN");
  EXPECT_TRUE(follower.stop_following());
  EXPECT_FALSE(follower.stop_following());
  EXPECT_EQ(follower.status_text(), "no check");
  EXPECT_EQ(follower.admin_flags(), 0);
}

TEST(Status, WordsAndNumbersGoBothWays) {
  EXPECT_EQ(status_word(Status::l6rsp), "L6RSP");
  EXPECT_EQ(status_description(Status::l4con), "Layer4 connection problem");
  for (unsigned number = 0; number < 32; number++)
    if (const auto status = status_from_number(number)) {
      EXPECT_EQ(static_cast<unsigned>(*status), number);
      EXPECT_EQ(status_from_word(status_word(*status)), status);
    }
  EXPECT_FALSE(status_from_number(99));
  EXPECT_FALSE(status_from_word("L8OK"));
}

}  // namespace
}  // namespace weir::check
