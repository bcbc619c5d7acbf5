#include "admin/descriptor_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::admin {
namespace {

TEST(DescriptorChoice, ReadsLettersAndNumbers) {
  struct Row {
    std::vector<std::string> words;
    bool listeners, clients, servers, pipes;
    int only;
  };
  const Row rows[] = {
      {{}, true, true, true, true, -1},           {{"l"}, true, false, false, false, -1},
      {{"-l"}, false, true, true, true, -1},      {{"c!f"}, false, false, true, false, -1},
      {{"b", "p"}, false, false, true, true, -1}, {{"!c"}, true, false, false, true, -1},
      {{"12"}, true, true, true, true, 12},       {{"1/12"}, true, true, true, true, 12},
      {{"/12"}, true, true, true, true, 12},      {{"1/"}, true, true, true, true, -1},
      {{"f", "7"}, false, true, false, false, 7},
  };
  for (const Row& row : rows) {
    const auto choice = parse_descriptor_choice(row.words);
    ASSERT_TRUE(choice.has_value());
    const std::string name = row.words.empty() ? "" : row.words.front();
    EXPECT_EQ(choice->listeners, row.listeners) << name;
    EXPECT_EQ(choice->clients, row.clients) << name;
    EXPECT_EQ(choice->servers, row.servers) << name;
    EXPECT_EQ(choice->pipes, row.pipes) << name;
    EXPECT_EQ(choice->only, row.only) << name;
  }
  EXPECT_TRUE(parse_descriptor_choice(rows[6].words)->names(12));
  EXPECT_FALSE(parse_descriptor_choice(rows[6].words)->names(13));
  for (const std::string bad : {"x", "lx", "1x", "99999999999"})
    EXPECT_FALSE(parse_descriptor_choice(std::vector<std::string>{bad}).has_value()) << bad;
}

}  // namespace
}  // namespace weir::admin
