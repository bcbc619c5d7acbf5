#include "stick/parts.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::stick {
namespace {

TableConfig config() {
  TableConfig table{.name = "t", .type = KeyType::string, .key_length = 16, .size = 100, .expire = Milliseconds(60000)};
  table.columns = {{DataType::gpc0}};
  table.aggregate = true;
  return table;
}
const TimePoint kNow = Clock::now();

void count(Parts& parts, std::string_view node, std::uint64_t value) {
  const StickTable::Heard heard[] = {{DataType::gpc0, 0, {.number = value}}};
  StickTable* part = parts.of(node, 1);
  ASSERT_NE(part, nullptr) << node;
  part->learn_part("key", std::nullopt, heard, kNow);
}

TEST(Parts, ANodeThatIsGoneLeavesItsPlace) {
  Parts parts(config());
  for (std::size_t i = 0; i < 3 * Parts::kMostNodes; i++) {
    const std::string node = "node" + std::to_string(i);
    count(parts, node, i);
    EXPECT_EQ(parts.sum("key", DataType::gpc0, 0, kNow), i) << "nothing of the one before";
    parts.drop(node);
  }
  for (std::size_t i = 0; i < Parts::kMostNodes; i++) count(parts, "live" + std::to_string(i), 1);
  EXPECT_EQ(parts.sum("key", DataType::gpc0, 0, kNow), Parts::kMostNodes);
  EXPECT_EQ(parts.of("one more", 1), nullptr);
}

TEST(Parts, ATableOfOtherColumnsHasPartsOfItsOwn) {
  StickTable before(config());
  TableConfig larger = config();
  larger.size *= 2;
  StickTable grown(larger);
  grown.migrate(before, kNow);
  EXPECT_EQ(grown.parts(), before.parts());
  TableConfig wider = config();
  wider.columns.push_back({DataType::gpc1});
  StickTable next(wider);
  next.migrate(grown, kNow);
  ASSERT_NE(next.parts(), before.parts());
  const StickTable::Heard heard[] = {{DataType::gpc0, 0, {.number = 1}}, {DataType::gpc1, 0, {.number = 2}}};
  next.parts()->of("node", 1)->learn_part("key", std::nullopt, heard, kNow);
  EXPECT_EQ(next.value_of("key", DataType::gpc1, kNow), 2U);
}

}  // namespace
}  // namespace weir::stick
