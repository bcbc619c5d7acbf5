#include "base/outside.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Outside, LooksUpUsersGroupsAndHosts) {
  EXPECT_EQ(outside().look_up(Lookup::user, "root").value(), "0");
  EXPECT_EQ(outside().look_up(Lookup::group, "root").value(), "0");
  EXPECT_EQ(outside().look_up(Lookup::host_ipv4, "localhost").value().substr(0, 4), "127.");
  EXPECT_FALSE(outside().look_up(Lookup::user, "nobody-has-this-name"));
  EXPECT_FALSE(outside().look_up(Lookup::host, "nothing.invalid"));
}

TEST(Outside, ReadsFilesWithinABound) {
  EXPECT_NE(read_outside("/proc/self/status", 1U << 20U).value().find("Uid:"), std::string::npos);
  EXPECT_FALSE(read_outside("/proc/self/status", 10));
  EXPECT_EQ(read_outside("/nothing/here", 10).error().message, "No such file or directory");
}

TEST(Outside, AnotherTakesItsPlace) {
  set_outside({[](const std::string&) -> Result<int> { return fail("closed today"); }, direct_outside().look_up});
  EXPECT_EQ(read_outside("/etc/passwd", 1U << 20U).error().message, "closed today");
  set_outside(direct_outside());
  EXPECT_TRUE(read_outside("/etc/passwd", 1U << 20U));
}

}  // namespace
}  // namespace weir
