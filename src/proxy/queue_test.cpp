#include "proxy/queue.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace weir::proxy {
namespace {

std::vector<std::uint32_t> slots_in(WaitLine& line) {
  std::vector<std::uint32_t> slots;
  WaitLine& emptied = line;
  std::vector<Waiter*> waiters;
  while (Waiter* first = emptied.first()) {
    emptied.remove(*first);
    waiters.push_back(first);
    slots.push_back(first->who.slot);
  }
  for (Waiter* waiter : waiters) line.push(*waiter);
  return slots;
}

struct Line {
  std::array<Waiter, 4> waiters;
  WaitLine line;
  Line() {
    for (std::uint32_t i = 0; i < waiters.size(); i++) {
      waiters[i].who.slot = i;
      waiters[i].ticket = i;
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
    leaving.ticket = 9;
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

// Manual, set-priority-class, set-priority-offset.
TEST(WaitLine, ClassComesFirstThenTheAdjustedTime) {
  struct Row {
    QueuePriority priority;
    int arrival_ms;
  };
  const Row rows[] = {{{}, 100}, {{.rank = 1}, 0}, {{.offset_ms = 50}, 60}, {{.rank = -1, .offset_ms = 524'287}, 900}};
  std::array<Waiter, 4> waiters;
  WaitLine line;
  for (std::uint32_t i = 0; i < waiters.size(); i++) {
    waiters[i].who.slot = i;
    waiters[i].ticket = i;
    waiters[i].order = queue_order(rows[i].priority, TimePoint{} + Milliseconds(rows[i].arrival_ms));
    line.push(waiters[i]);
  }
  EXPECT_EQ(slots_in(line), (std::vector<std::uint32_t>{3, 0, 2, 1}));
}

TEST(WaitLine, AnOffsetBelowTheClockIsNoWrap) {
  EXPECT_LT(queue_order({.offset_ms = -524'287}, TimePoint{}), queue_order({}, TimePoint{}));
  EXPECT_LT(queue_order({.rank = -2047}, TimePoint{} + std::chrono::hours(24)), queue_order({}, TimePoint{}));
  EXPECT_LT(queue_order({.rank = 2046, .offset_ms = 524'287}, TimePoint{}), queue_order({.rank = 2047}, TimePoint{}));
}

}  // namespace
}  // namespace weir::proxy
