#include "proxy/userlist.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

// The hash is that of "s3cret" by crypt(3): `openssl passwd -5 -salt saltsalt s3cret`.
UserlistConfig staff() {
  UserlistConfig list;
  list.users.push_back({.name = "ada", .password = "s3cret", .password_is_hash = false, .groups = {"a", "b"}});
  list.users.push_back({.name = "bob",
                        .password = "$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.",
                        .password_is_hash = true,
                        .groups = {}});
  list.users.push_back({.name = "eve", .password = "", .password_is_hash = true, .groups = {}});
  list.groups = {{"c", {"bob", "ada"}}, {"d", {"bob"}}};
  return list;
}

TEST(Userlist, PasswordsInClearAndEncrypted) {
  const UserlistConfig list = staff();
  struct Row {
    std::string_view name, password;
    bool right;
  };
  const Row rows[] = {
      {"ada", "s3cret", true},
      {"ada", "s3cre", false},
      {"ada", "s3crets3cret", false},
      {"ada", "", false},
      {"bob", "s3cret", true},
      {"bob", "s3crex", false},
      {"bob", "$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.", false},
      {"bob", "", false},
      {"bob", std::string_view("s3cret\0x", 8), false},
      {"eve", "", false},
      {"eve", "x", false},
      {"nobody", "s3cret", false},
      {"Ada", "s3cret", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(authenticated(list, row.name, row.password) != nullptr, row.right) << row.name << ' ' << row.password;
}

TEST(Userlist, GroupsOfTheUsersLineThenOfTheGroups) {
  const UserlistConfig list = staff();
  const auto groups = [&](std::size_t user) {
    std::string all;
    for (std::size_t i = 0; !group_of(list, list.users[user], i).empty(); i++)
      all += group_of(list, list.users[user], i);
    return all;
  };
  EXPECT_EQ(groups(0), "abc");
  EXPECT_EQ(groups(1), "cd");
  EXPECT_EQ(groups(2), "");
}

}  // namespace
}  // namespace weir::proxy
