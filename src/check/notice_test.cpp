// The exact sentences, as observed.
#include <gtest/gtest.h>

#include "check/health.h"

namespace weir::check {
namespace {

constexpr ServerName kServer{.backend = "b1", .server = "s1", .backup = false};
constexpr ServerName kBackup{.backend = "b6", .server = "s3", .backup = true};

TEST(Notice, FailedCheck) {
  Health health(2, 3, true);
  const CheckResult result{.status = Status::l4con, .info = "Connection refused"};
  health.apply(result);
  const Notice notice = check_notice(kServer, result, health);
  EXPECT_EQ(notice.text,
            "Health check for server b1/s1 failed, reason: Layer4 connection problem, info: \"Connection refused\", "
            "check duration: 0ms, status: 0/2 DOWN.");
  EXPECT_EQ(notice.level, 5);
  EXPECT_EQ(check_notice(kBackup, result, health).text.substr(0, 39), "Health check for backup server b6/s3 fa");
}

TEST(Notice, PassedCheck) {
  Health health(3, 3, true);
  const CheckResult result{.status = Status::l7ok, .code = 0, .info = "(tcp-check)", .duration = Milliseconds(7)};
  health.apply(result);
  EXPECT_EQ(check_notice(kServer, result, health).text,
            "Health check for server b1/s1 succeeded, reason: Layer7 check passed, code: 0, info: \"(tcp-check)\", "
            "check duration: 7ms, status: 3/3 UP.");
}

TEST(Notice, Transitions) {
  const CheckResult result{.status = Status::l4con, .info = "Connection refused"};
  const Notice down = transition_notice(kServer, Transition::down, &result, {.active = 1});
  EXPECT_EQ(down.text,
            "Server b1/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: "
            "0ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.");
  EXPECT_EQ(down.level, 1);
  const CheckResult good{.status = Status::l4ok};
  const Notice up = transition_notice(kServer, Transition::up, &good, {.active = 1});
  EXPECT_EQ(up.text,
            "Server b1/s1 is UP, reason: Layer4 check passed, check duration: 0ms. 1 active and 0 backup servers "
            "online. 0 sessions requeued, 0 total in queue.");
  EXPECT_EQ(up.level, 5);
  EXPECT_EQ(transition_notice(kBackup, Transition::down, nullptr, {}).text,
            "Backup Server b6/s3 is DOWN. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 "
            "remaining in queue.");
  EXPECT_EQ(forced_notice(kServer, Transition::stopping, {.active = 2, .backup = 1}).text,
            "Server b1/s1 is stopping, changed from CLI. 2 active and 1 backup servers online. 0 sessions requeued, 0 "
            "total in queue.");
}

TEST(Notice, AdministrativeChanges) {
  Health health(2, 3, true);
  EXPECT_EQ(admin_notice(kServer, AdminEvent::enter_maint, health, {.backup = 1, .sessions = 3}).text,
            "Server b1/s1 is going DOWN for maintenance. 0 active and 1 backup servers left. Running on backup. 3 "
            "sessions active, 0 requeued, 0 remaining in queue.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::leave_maint, health, {}).text,
            "Server b1/s1 is UP/READY (leaving forced maintenance).");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::enter_drain, health, {.active = 2, .backup = 1}).text,
            "Server b1/s1 enters drain state. 2 active and 1 backup servers online. 0 sessions requeued, 0 total in "
            "queue.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::remain_in_drain, health, {}).text,
            "Server b1/s1 remains in forced drain mode.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::leave_drain, health, {}).text,
            "Server b1/s1 is UP (leaving forced drain).");
}

// Observed on 2.6, which speaks of what is left once the server is down.
TEST(Notice, AdministrativeChangesOfAServerThatIsDown) {
  Health health(2, 1, true);
  health.apply({.status = Status::l4con});
  health.apply({.status = Status::l4con});
  ASSERT_FALSE(health.up());
  const Notice maint = admin_notice(kServer, AdminEvent::enter_maint_when_down, health, {.backup = 1});
  EXPECT_EQ(maint.text, "Server b1/s1 was DOWN and now enters maintenance.");
  EXPECT_EQ(maint.level, 5);
  EXPECT_EQ(admin_notice(kServer, AdminEvent::enter_drain, health, {}).text,
            "Server b1/s1 enters drain state. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 "
            "remaining in queue.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::leave_drain, health, {}).text,
            "Server b1/s1 is DOWN (leaving forced drain).");
}

TEST(Notice, Agents) {
  Health health(1, 2, true, InitState::none, true);
  const CheckResult up{.status = Status::l7ok, .code = 0, .info = "via agent : up"};
  health.apply_agent(up);
  EXPECT_EQ(agent_notice(kServer, up, health).text,
            "Agent check for server b1/s1 succeeded, reason: Layer7 check passed, code: 0, info: \"via agent : up\", "
            "check duration: 0ms, status: 1/1 UP.");
  const CheckResult late{.status = Status::l7tout, .duration = Milliseconds(101)};
  EXPECT_EQ(agent_notice({.backend = "b1", .server = "s1", .gets_no_share = true}, late, health).text,
            "Agent check for server b1/s1 failed, reason: Layer7 timeout, check duration: 101ms, status: 1/1 DRAIN.");
  const CheckResult down{.status = Status::l7sts, .code = 0, .info = "via agent : down"};
  health.apply_agent(down);
  EXPECT_TRUE(agent_notice(kServer, down, health).text.ends_with("status: 0/1 DOWN."));
}

TEST(Notice, ObservedTrafficTookNoTime) {
  Health health(2, 3, true);
  health.apply({.status = Status::l4ok});
  const CheckResult result{.status = Status::hana,
                           .info = "Detected 3 consecutive errors, last one was: L4 unsuccessful connection",
                           .duration = CheckResult::kNoDuration};
  health.observe(OnError::fail_check, result);
  EXPECT_EQ(check_notice(kServer, result, health).text,
            "Health check for server b1/s1 failed, reason: Health analyze, info: \"Detected 3 consecutive errors, last "
            "one was: L4 unsuccessful connection\", status: 2/3 UP.");
}

TEST(Notice, Followers) {
  Health health(2, 3, false);
  health.follow({.state = State::stopped});
  EXPECT_EQ(followed_notice(kServer, Transition::down, "b2/s2", {.active = 1}).text,
            "Server b1/s1 is DOWN via b2/s2. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 "
            "remaining in queue.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::enter_maint, health, {}, "b2/s2").text,
            "Server b1/s1 is going DOWN for maintenance via b2/s2. 0 active and 0 backup servers left. 0 sessions "
            "active, 0 requeued, 0 remaining in queue.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::leave_maint, health, {}, "b2/s2").text,
            "Server b1/s1 is DOWN/READY (leaving maintenance).");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::remain_in_inherited_maint, health, {}, "b2/s2").text,
            "Server b1/s1 is leaving forced maintenance but remains in maintenance via b2/s2.");
  EXPECT_EQ(admin_notice(kServer, AdminEvent::enter_maint_when_draining, health, {}).level, 5);
}

TEST(Notice, NoServerLeft) {
  EXPECT_EQ(no_server_notice("b2", "proxy").text, "proxy b2 has no server available!");
  EXPECT_EQ(no_server_notice("b2").text, "backend b2 has no server available!");
  EXPECT_EQ(no_server_notice("b2").terminal_text, "backend 'b2' has no server available!");
  EXPECT_EQ(no_server_notice("b2").level, 0);
}

}  // namespace
}  // namespace weir::check
