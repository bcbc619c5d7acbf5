#include "proxy/queue.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace weir::proxy {
namespace {

std::vector<std::uint32_t> slots_in(const WaitLine& line) {
  std::vector<std::uint32_t> slots;
  for (const Waiter* waiter = line.first(); waiter != nullptr; waiter = waiter->next) slots.push_back(waiter->who.slot);
  return slots;
}

struct Line {
  std::array<Waiter, 4> waiters;
  WaitLine line;
  Line() {
    for (std::uint32_t i = 0; i < waiters.size(); i++) {
      waiters[i].who.slot = i;
      line.push(waiters[i]);
    }
  }
};

TEST(WaitLine, KeepsTheOrderOfArrival) {
  Line four;
  EXPECT_EQ(slots_in(four.line), (std::vector<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(four.line.size(), 4U);
  for (const Waiter& waiter : four.waiters) EXPECT_EQ(waiter.line, &four.line);
}

TEST(WaitLine, AnybodyMayLeave) {
  struct Row {
    std::uint32_t leaves;
    std::vector<std::uint32_t> stay;
  };
  const Row rows[] = {{0, {1, 2, 3}}, {1, {0, 2, 3}}, {3, {0, 1, 2}}};
  for (const Row& row : rows) {
    Line four;
    Waiter& leaving = four.waiters[row.leaves];
    four.line.remove(leaving);
    EXPECT_EQ(slots_in(four.line), row.stay);
    EXPECT_EQ(leaving.line, nullptr);
    four.line.push(leaving);  // and may come back, at the end
    std::vector<std::uint32_t> expected = row.stay;
    expected.push_back(row.leaves);
    EXPECT_EQ(slots_in(four.line), expected);
  }
}

TEST(WaitLine, EmptiesAndFillsAgain) {
  Line four;
  while (Waiter* first = four.line.first()) four.line.remove(*first);
  EXPECT_TRUE(four.line.empty());
  EXPECT_EQ(four.line.size(), 0U);
  four.line.push(four.waiters[2]);
  EXPECT_EQ(slots_in(four.line), (std::vector<std::uint32_t>{2}));
}

}  // namespace
}  // namespace weir::proxy
