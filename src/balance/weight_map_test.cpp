#include "balance/weight_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace weir::balance {
namespace {

std::vector<WeightedServer> servers(const std::vector<std::uint32_t>& weights) {
  std::vector<WeightedServer> result;
  for (std::uint32_t i = 0; i < weights.size(); ++i) result.push_back({.index = i, .weight = weights[i]});
  return result;
}

struct Layout {
  std::vector<std::uint32_t> weights;
  std::vector<std::uint32_t> seen;
};
// Seen on Debian's haproxy 2.6, one thread, `balance static-rr` and `balance source`.
const Layout kSeen[] = {
    {{1, 1, 1, 1, 1}, {0, 1, 2, 3, 4}},
    {{7, 7, 1}, {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2}},
    {{1, 3}, {0, 1, 1, 1}},
    {{1, 4}, {0, 1, 1, 1, 1}},
    {{2, 3}, {0, 1, 0, 1, 1}},
    {{3, 4}, {0, 1, 0, 1, 0, 1, 1}},
    {{1, 2}, {0, 1, 1}},
    {{4, 2, 1}, {0, 0, 1, 0, 1, 0, 2}},
    {{3, 2, 1}, {0, 0, 1, 0, 1, 2}},
    {{2, 1, 1}, {0, 0, 1, 2}},
    {{3, 1, 1}, {0, 0, 1, 0, 2}},
    {{4, 3}, {0, 0, 1, 0, 1, 0, 1}},
    {{7, 3}, {0, 0, 0, 1, 0, 0, 1, 0, 0, 1}},
    {{1, 2, 2}, {0, 1, 2, 1, 2}},
    {{4, 1}, {0, 0, 0, 0, 1}},
    {{5, 1}, {0, 0, 0, 0, 0, 1}},
    {{1, 5}, {0, 1, 1, 1, 1, 1}},
    {{1, 7}, {0, 1, 1, 1, 1, 1, 1, 1}},
    {{9, 2}, {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}},
    {{11, 4, 2}, {0, 0, 1, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 1, 0, 2}},
    {{8, 3, 1}, {0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 2}},
    {{8, 4}, {0, 0, 1}},
    {{3, 2}, {0, 0, 1, 0, 1}},
    {{10, 4}, {0, 0, 0, 1, 0, 0, 1}},
    {{12, 4}, {0, 0, 0, 1}},
    {{3, 10}, {0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}},
    {{3, 3, 1, 1}, {0, 1, 0, 1, 2, 0, 1, 3}},
    {{4, 3, 3}, {0, 1, 0, 2, 0, 1, 2, 0, 1, 2}},
    {{3, 12, 4}, {0, 1, 1, 1, 2, 1, 0, 1, 1, 2, 1, 1, 0, 1, 2, 1, 1, 1, 2}},
    {{1, 2, 3}, {0, 2, 1, 2, 1, 2}},
    {{5, 3, 2}, {0, 0, 1, 0, 2, 0, 1, 0, 1, 2}},
    {{1, 3, 2}, {0, 1, 2, 1, 1, 2}},
    {{2, 5}, {0, 1, 1, 0, 1, 1, 1}},
    {{5, 2}, {0, 0, 0, 1, 0, 0, 1}},
    {{10, 20, 30, 40}, {0, 1, 3, 2, 3, 1, 2, 3, 2, 3}},
    {{100, 50, 25}, {0, 0, 1, 0, 1, 0, 2}},
    {{3, 1, 1, 1}, {0, 0, 1, 0, 2, 3}},
    {{1, 1, 1, 3}, {0, 3, 1, 3, 2, 3}},
    {{4, 3, 2, 1}, {0, 1, 0, 1, 2, 0, 1, 0, 2, 3}},
    {{6, 1, 3}, {0, 0, 1, 2, 0, 0, 2, 0, 0, 2}},
    {{13, 7, 5, 3, 2}, {0, 1, 0, 2, 0, 1, 0, 2, 1, 3, 0, 0, 1, 0, 4, 2, 0, 1, 0, 3, 0, 1, 2, 0, 2, 0, 1, 0, 3, 4}},
    {{5, 12, 6, 12, 12, 11}, {0, 1, 2, 3, 4, 5, 1, 3, 4, 1, 5, 0, 2, 3, 4, 5, 1, 3, 4, 1, 2, 5, 3, 0, 4, 1, 5, 3, 4,
                              1, 2, 5, 3, 4, 0, 1, 5, 3, 4, 1, 2, 3, 5, 4, 1, 3, 0, 5, 4, 1, 2, 3, 5, 4, 1, 3, 4, 5}},
    {{1, 8, 4, 11, 1, 3}, {0, 1, 3, 1, 2, 3, 1, 3, 2, 5, 3, 1, 3, 1, 2, 3, 3, 1, 5, 3, 1, 2, 3, 3, 1, 3, 4, 5}},
    {{6, 8}, {0, 1, 0, 1, 0, 1, 1}},
    {{7, 9, 2}, {0, 1, 0, 1, 1, 0, 1, 0, 2, 1, 0, 1, 0, 1, 1, 0, 1, 2}},
    {{4, 1, 12, 4, 7, 5},
     {0, 1, 2, 2, 4, 2, 5, 3, 0, 4, 2, 2, 3, 5, 4, 2, 0, 2, 4, 5, 2, 2, 3, 4, 0, 2, 5, 2, 4, 3, 2, 4, 5}},
    {{7, 3, 2}, {0, 0, 1, 0, 1, 2, 0, 0, 0, 1, 0, 2}},
    {{10, 10, 8}, {0, 1, 0, 2, 1, 0, 2, 1, 0, 1, 2, 0, 1, 2}},
    {{6, 4, 9, 11}, {0, 1, 3, 2, 0, 3, 2, 1, 3, 2, 3, 0, 2, 3, 0, 1, 2, 3, 2, 3, 0, 3, 1, 2, 3, 0, 2, 3, 2, 3}},
    {{5, 1, 6, 7, 3}, {0, 1, 2, 3, 0, 2, 3, 4, 0, 3, 2, 2, 3, 0, 4, 3, 2, 0, 3, 2, 3, 4}},
    {{5, 2, 6}, {0, 1, 2, 0, 2, 0, 2, 0, 2, 1, 2, 0, 2}},
    {{10, 10, 1, 10}, {0, 1, 2, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3}},
};

TEST(WeightMap, PlacesAreLaidOutAsObserved) {
  for (const Layout& row : kSeen)
    EXPECT_EQ(weight_map(servers(row.weights)), row.seen) << testing::PrintToString(row.weights);
}

TEST(WeightMap, EveryServerHasItsShareHoweverMany) {
  EXPECT_TRUE(weight_map({}).empty());
  for (const std::uint32_t count : {1U, 3U, 16U, 17U, 200U}) {
    std::vector<std::uint32_t> weights;
    for (std::uint32_t i = 0; i < count; ++i) weights.push_back(1 + (i * 7) % 13);
    std::vector<std::uint32_t> places(count, 0);
    for (const std::uint32_t index : weight_map(servers(weights))) ++places[index];
    if (count > 1) EXPECT_EQ(places, weights);
  }
}

// The rule as the head of weight_map.h tells it, place by place.
TEST(WeightMap, TheForeseenMarksGiveTheSameMap) {
  for (std::uint32_t seed = 1; seed < 60; ++seed) {
    std::vector<std::uint32_t> weights;
    for (std::uint32_t i = 0; i < 2 + seed % 9; ++i) weights.push_back(1 + (seed * 31 + i * i * 17) % (seed % 7 + 3));
    weights.push_back(1);  // they share nothing
    const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
    std::vector<std::int64_t> scores(weights.size(), 0);
    std::vector<std::uint32_t> expected;
    for (std::int64_t place = 0; place < sum; ++place) {
      for (std::size_t i = 0; i < weights.size(); ++i) scores[i] += weights[i];
      auto taker = std::ranges::find_if(scores, [&](std::int64_t score) { return score >= sum; });
      if (taker == scores.end()) taker = std::ranges::find_if(scores, [](std::int64_t score) { return score >= 0; });
      *taker -= sum;
      expected.push_back(static_cast<std::uint32_t>(taker - scores.begin()));
    }
    EXPECT_EQ(weight_map(servers(weights)), expected) << testing::PrintToString(weights);
  }
}

}  // namespace
}  // namespace weir::balance
