#include "admin/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::admin {
namespace {

using Words = std::vector<std::string>;

struct Row {
  std::string_view line;
  std::vector<Words> commands;
};

TEST(CommandLine, splits) {
  const Row kRows[] = {
      {"show info", {{"show", "info"}}},
      {"  get   weight\tbe/s1  ", {{"get", "weight", "be/s1"}}},
      {"get weight be/s1;get weight be/s2", {{"get", "weight", "be/s1"}, {"get", "weight", "be/s2"}}},
      {"a;;b", {{"a"}, {}, {"b"}}},
      {"a; ;b;", {{"a"}, {}, {"b"}, {}}},
      {"", {{}}},
      {"get weight be/s1\\;x", {{"get", "weight", "be/s1;x"}}},
      {"a\\ b \\\\c", {{"a b", "\\c"}}},
      {"end\\", {{"end\\"}}},
      {"'be/s1' \"x\"", {{"'be/s1'", "\"x\""}}},
      {"show info\r", {{"show", "info"}}},
  };
  for (const Row& row : kRows) {
    const CommandLine got = split_command_line(row.line);
    EXPECT_EQ(got.commands, row.commands) << row.line;
    EXPECT_FALSE(got.payload_end) << row.line;
  }
}

TEST(CommandLine, a_last_word_of_two_angle_brackets_announces_a_payload) {
  const CommandLine plain = split_command_line("get weight be/s1;add x <<");
  EXPECT_EQ(plain.commands, (std::vector<Words>{{"get", "weight", "be/s1"}, {"add", "x"}}));
  EXPECT_EQ(plain.payload_end, "");
  EXPECT_EQ(split_command_line("add x <<%EOF%").payload_end, "%EOF%");
  EXPECT_FALSE(split_command_line("add x<<").payload_end);
  EXPECT_FALSE(split_command_line("add << x").payload_end);
  EXPECT_FALSE(split_command_line("add \\<<").payload_end);
  EXPECT_TRUE(split_command_line("add <<" + std::string(64, 'x')).payload_end);
  EXPECT_FALSE(split_command_line("add <<" + std::string(65, 'x')).payload_end);
}

}  // namespace
}  // namespace weir::admin
