#include "proxy/rule/rule_counts.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using Uses = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

RuleCounts::Lines lines_of(const std::vector<std::pair<RuleList, std::string>>& rules) {
  auto lines = std::make_shared<RuleLines>();
  for (const auto& [list, text] : rules)
    lines->push_back({list, text, {.file = 0, .line = static_cast<std::uint32_t>(lines->size() + 1)}});
  return lines;
}

RuleCounts::FileNames files() {
  return std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a.cfg"});
}

std::shared_ptr<RuleCounts> make(const std::vector<std::pair<RuleList, std::string>>& rules) {
  return std::make_shared<RuleCounts>(2, lines_of(rules), files());
}

Uses uses(const RuleCounts& counts) {
  Uses all;
  for (const RuleUse& use : counts.read()) all.emplace_back(use.asked, use.held);
  return all;
}

constexpr RuleList kA = RuleList::content;
constexpr RuleList kB = RuleList::http_request;

TEST(RuleCounts, two_numbers_tell_a_walk) {
  const auto counts = make({{kA, "a"}, {kB, "x"}, {kA, "b"}, {kA, "c"}, {kB, "y"}});
  count_walk(counts->of(0), 0, 3);  // all of the first list
  count_walk(counts->of(1), 0, 2);  // to its second
  count_walk(counts->of(1), 2, 2);  // from its second, which had waited
  count_walk(counts->of(0), 1, 4);
  counts->of(0)[2].held.add();
  count_asked(counts->of(1)[4], true);
  EXPECT_EQ(uses(*counts), (Uses{{2, 0}, {1, 0}, {3, 1}, {1, 0}, {2, 1}}));
  counts->clear();
  EXPECT_EQ(uses(*counts), (Uses{{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}));
  count_walk(counts->of(1), 0, 0);
  EXPECT_EQ(uses(*counts), (Uses{{1, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}));
}

TEST(RuleCounts, rules_that_stay_go_on) {
  auto first = make({{kA, "a"}, {kA, "same"}, {kA, "same"}, {kB, "a"}});
  count_walk(first->of(0), 0, 1);
  count_walk(first->of(0), 0, 2);
  auto second = make({{kA, "new"}, {kA, "same"}, {kA, "a"}, {kA, "same"}, {kA, "same"}});
  second->follow(first);
  EXPECT_EQ(uses(*second), (Uses{{0, 0}, {2, 0}, {2, 0}, {1, 0}, {0, 0}}));
  count_walk(first->of(1), 0, 0);  // a session of the older configuration
  count_walk(second->of(1), 0, 4);
  EXPECT_EQ(uses(*second), (Uses{{1, 0}, {3, 0}, {4, 0}, {2, 0}, {1, 0}}));
  const std::weak_ptr<RuleCounts> gone = first;
  first.reset();
  auto third = make({{kA, "a"}});
  third->follow(second);
  EXPECT_TRUE(gone.expired());  // what nobody counts in is kept as a sum
  EXPECT_EQ(uses(*third), (Uses{{4, 0}}));
  third->clear();
  count_walk(second->of(0), 2, 2);
  EXPECT_EQ(uses(*third), (Uses{{1, 0}}));
}

TEST(RuleCounts, places_follow_the_file) {
  const auto counts = make({{kA, "a"}, {kA, "b"}});
  EXPECT_EQ(counts->place(1), "a.cfg:2");
  auto moved = std::make_shared<RuleLines>(*counts->lines());
  (*moved)[1].at.line = 7;
  counts->stand_at(moved, files());
  EXPECT_EQ(counts->place(1), "a.cfg:7");
  counts->stand_at(lines_of({{kA, "a"}}), files());  // others: no
  EXPECT_EQ(counts->place(1), "a.cfg:7");
  EXPECT_EQ(counts->place(SourcePosition{.file = 3, .line = 1}), "?:1");
  const auto others = make({{kA, "a"}, {kA, "b"}});
  others->stand_with(*counts);
  EXPECT_EQ(others->place(1), "a.cfg:7");
}

}  // namespace
}  // namespace weir::proxy
