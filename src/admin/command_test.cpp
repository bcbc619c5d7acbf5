#include "admin/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "admin/session_text.h"
#include "admin/weight.h"

namespace weir::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

TEST(Commands, every_row_is_whole) {
  std::set<std::string_view> names;
  for (const CliCommand* row : all_commands()) {
    EXPECT_TRUE(names.insert(row->name).second) << row->name;
    EXPECT_TRUE((row->answer != nullptr) != (row->run != nullptr)) << row->name;
    EXPECT_TRUE(row->usage.starts_with(row->name)) << row->name;
    EXPECT_FALSE(row->doc.empty()) << row->name;
  }
}

TEST(Commands, the_longest_name_wins) {
  std::size_t used = 0;
  const Words plan{"reload", "plan", "/a.cfg"};
  ASSERT_NE(find_command(plan, used), nullptr);
  EXPECT_EQ(find_command(plan, used)->name, "reload plan");
  EXPECT_EQ(used, 2U);
  const Words reload{"reload"};
  EXPECT_EQ(find_command(reload, used)->name, "reload");
  const Words part{"show", "servers"};
  EXPECT_EQ(find_command(part, used), nullptr);
  const Words nothing;
  EXPECT_EQ(find_command(nothing, used), nullptr);
}

TEST(Commands, help_shows_what_the_level_may_say) {
  std::string user, admin;
  write_help(user, Level::user, {});
  write_help(admin, Level::admin, {});
  EXPECT_THAT(user, HasSubstr("\n  get weight <bk>/<srv>                   : "));
  EXPECT_THAT(user, Not(HasSubstr("set server")));
  EXPECT_THAT(admin, HasSubstr("  set server <bk>/<srv> [opts]            : "));
  EXPECT_TRUE(admin.find("  show table") < admin.find("\n  help")) << "help, prompt and quit come last";
}

TEST(Commands, unknown_words_are_answered_with_what_resembles_them) {
  std::string close;
  const Words typo{"get", "weigth"};
  write_unknown(close, Level::admin, typo);
  EXPECT_THAT(close, HasSubstr("  get weight"));
  EXPECT_THAT(close, Not(HasSubstr("set weight")));
  std::string far;
  const Words nonsense{"nonsense"};
  write_unknown(far, Level::admin, nonsense);
  EXPECT_TRUE(far.starts_with("Unknown command, but"));
  EXPECT_THAT(far, Not(HasSubstr("show stat")));
  EXPECT_THAT(far, HasSubstr("  help"));
  std::string empty;
  write_unknown(empty, Level::admin, {});
  EXPECT_TRUE(empty.starts_with("Unknown command. Please"));
  EXPECT_THAT(empty, HasSubstr("show stat"));
}

TEST(Commands, weights) {
  const struct {
    std::string_view text;
    unsigned initial, expected;
  } kGood[] = {{"5", 10, 5},     {"0", 10, 0},  {"256", 1, 256},    {"50%", 10, 5},
               {"100%", 10, 10}, {"1%", 10, 0}, {"9999%", 100, 256}};
  for (const auto& row : kGood) EXPECT_EQ(parse_weight(row.text, row.initial).value_or(999), row.expected) << row.text;
  EXPECT_EQ(parse_weight("", 1).error().message, "Require <weight> or <weight%>.\n");
  EXPECT_EQ(parse_weight("x", 1).error().message, "Empty weight string empty or preceded by garbage");
  for (const std::string_view bad : {"257", "-5"})
    EXPECT_EQ(parse_weight(bad, 1).error().message, "Absolute weight can only be between 0 and 256 inclusive.\n");
}

TEST(SessionNames, survive_the_way_through_text) {
  const SessionName name{.slot = 70000, .generation = 3, .worker = 5};
  const auto parsed = parse_session_name("0x30005011170");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(name.value(), *parsed);
  EXPECT_EQ(SessionName::of(*parsed).slot, 70000U);
  EXPECT_EQ(SessionName::of(*parsed).worker, 5);
  for (const std::string_view bad : {"", "0x", "12", "0xg", "0x1 "}) EXPECT_FALSE(parse_session_name(bad)) << bad;
}

TEST(SessionNames, short_times_have_two_units) {
  const struct {
    long long seconds;
    std::string_view expected;
  } kRows[] = {{0, "0s"}, {59, "59s"}, {61, "1m1s"}, {3600, "1h0m"}, {90061, "1d1h"}};
  for (const auto& row : kRows) EXPECT_EQ(short_time(Milliseconds(row.seconds * 1000)), row.expected);
}

}  // namespace
}  // namespace weir::admin
