#include "update/status.h"

#include <gtest/gtest.h>

namespace weir::update {
namespace {

TEST(UpdateStatus, is_one_line_whatever_a_server_said) {
  const WallTime now{std::chrono::seconds(1'700'000'000)};
  Status status{.id = 3, .list = "virt@x", .from = "http://a.example/x"};
  EXPECT_EQ(brief(status, now), "waiting, never fresh");
  status.outcome = Outcome::failed;
  status.problem = "the server answers 500 \"no\"\n\x7f";
  status.fresh = now - std::chrono::seconds(12);
  status.changed = now - std::chrono::seconds(100);
  status.next = now + std::chrono::seconds(48);
  status.asks = 5;
  status.changes = 2;
  status.failures = 1;
  status.entries = 10;
  status.bytes = 200;
  EXPECT_EQ(brief(status, now), "failed, 12s old");
  EXPECT_EQ(line(status, now),
            "3 (virt@x) outcome=failed age=12s changed=100s next=48s asks=5 changes=2 failures=1 entries=10 bytes=200 "
            "from=http://a.example/x problem=\"the server answers 500 'no'..\"");
  status.busy = true;
  status.fresh = now + std::chrono::seconds(5);  // the clock was set back
  EXPECT_TRUE(line(status, now).starts_with("3 (virt@x) outcome=failed age=0s changed=100s next=now "));
}

}  // namespace
}  // namespace weir::update
