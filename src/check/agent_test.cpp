#include "check/agent.h"

#include <gtest/gtest.h>

#include "check/health.h"

namespace weir::check {
namespace {

using Says = AgentAnswer::Says;
using Mode = AgentAnswer::Mode;

TEST(Agent, Lines) {
  struct Row {
    std::string_view line;
    Says says;
    Mode mode;
    std::string_view weight;
    std::string_view maxconn;
    std::string_view description;
    std::string_view unknown;
  };
  const Row rows[] = {
      {"", Says::nothing, Mode::unchanged, "", "", "", ""},
      {"up", Says::up, Mode::unchanged, "", "", "", ""},
      {"UP", Says::up, Mode::unchanged, "", "", "", ""},
      {"down", Says::down, Mode::unchanged, "", "", "", ""},
      {"fail", Says::down, Mode::unchanged, "", "", "", ""},
      {"stopped # gone fishing", Says::down, Mode::unchanged, "", "", "gone fishing", ""},
      {"down#gone", Says::down, Mode::unchanged, "", "", "gone", ""},
      {"up down", Says::down, Mode::unchanged, "", "", "", ""},
      {"75%", Says::nothing, Mode::unchanged, "75%", "", "", ""},
      {"weight:30", Says::nothing, Mode::unchanged, "30", "", "", ""},
      {"weight:50%", Says::nothing, Mode::unchanged, "50%", "", "", ""},
      {"maxconn:30", Says::nothing, Mode::unchanged, "", "30", "", ""},
      {"ready,100%\tup", Says::up, Mode::ready, "100%", "", "", ""},
      {" drain , maxconn:5", Says::nothing, Mode::drain, "", "5", "", ""},
      {"maint", Says::nothing, Mode::maint, "", "", "", ""},
      {"75% garbage up", Says::up, Mode::unchanged, "75%", "", "", "garbage"},
      {"-5%", Says::nothing, Mode::unchanged, "", "", "", "-5%"},
      {"%", Says::nothing, Mode::unchanged, "", "", "", "%"},
      {"weight:", Says::nothing, Mode::unchanged, "", "", "", "weight:"},
      {"stop", Says::nothing, Mode::unchanged, "", "", "", "stop"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const AgentAnswer answer = parse_agent_answer(row.line);
    EXPECT_EQ(answer.says, row.says);
    EXPECT_EQ(answer.mode, row.mode);
    EXPECT_EQ(answer.weight, row.weight);
    EXPECT_EQ(answer.maxconn, row.maxconn);
    EXPECT_EQ(answer.description, row.description);
    EXPECT_EQ(answer.unknown, row.unknown);
  }
  EXPECT_EQ(describe(parse_agent_answer("up")), "via agent : up");
  EXPECT_EQ(describe(parse_agent_answer("down # with space")), "via agent : down (with space)");
}

const CheckResult kPass{.status = Status::l4ok};
const CheckResult kFailure{.status = Status::l4con};
const CheckResult kUp{.status = Status::l7ok, .code = 0};
const CheckResult kDown{.status = Status::l7sts, .code = 0};
const CheckResult kNothing{.status = Status::checked};

TEST(Agent, OverrulesTheChecksAndNeedsTheirConsent) {
  Health health(2, 2, true, InitState::none, true);
  health.apply(kPass);
  const Change down = health.apply_agent(kDown);
  EXPECT_EQ(down.transition, Transition::down);
  EXPECT_TRUE(down.counts_as_down);
  EXPECT_FALSE(down.counts_as_failure);
  EXPECT_TRUE(down.log_check);
  EXPECT_EQ(health.status_text(), "DOWN (agent)");
  EXPECT_EQ(health.apply(kPass).transition, Transition::none) << "only the agent takes back what it did";
  EXPECT_FALSE(health.apply_agent(kDown).log_check);
  EXPECT_EQ(health.apply_agent(kNothing).transition, Transition::none);
  health.apply(kFailure);
  health.apply(kFailure);
  EXPECT_EQ(health.apply_agent(kUp).transition, Transition::none) << "the checks have not agreed yet";
  health.apply(kPass);
  EXPECT_EQ(health.apply(kPass).transition, Transition::up);
  EXPECT_EQ(health.apply_agent({.status = Status::l4con}).transition, Transition::none) << "no agent is no reason";
  EXPECT_EQ(health.status_text(), "UP");
}

TEST(Agent, AloneDecides) {
  Health health(2, 3, false, InitState::none, true);
  EXPECT_EQ(health.status_text(), "no check");
  EXPECT_EQ(health.apply_agent(kDown).transition, Transition::down);
  EXPECT_EQ(health.apply_agent(kUp).transition, Transition::up);
}

TEST(Agent, MaintenanceComesBackAsTheAgentSaid) {
  Health health(2, 2, true, InitState::none, true);
  health.apply(kPass);
  health.apply_agent(kDown);
  health.set_admin(Admin::forced_maint, true);
  EXPECT_EQ(health.apply_agent(kUp).transition, Transition::none);
  health.apply_agent(kDown);
  EXPECT_EQ(health.set_admin(Admin::forced_maint, false).transition, Transition::none);
  EXPECT_EQ(health.status_text(), "DOWN (agent)");
  health.enable_agent(false);
  EXPECT_EQ(health.apply(kPass).transition, Transition::up);
}

TEST(Agent, IsForced) {
  Health health(2, 2, true, InitState::none, true);
  EXPECT_EQ(health.force_agent(false).transition, Transition::down);
  EXPECT_EQ(health.force_agent(true).transition, Transition::up);
  EXPECT_EQ(health.set_admin(Admin::forced_drain, true).transition, Transition::none);
  EXPECT_EQ(health.status_text(), "DRAIN 1/2 (agent)");
}

}  // namespace
}  // namespace weir::check
