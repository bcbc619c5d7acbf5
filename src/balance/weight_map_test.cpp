#include "balance/weight_map.h"

#include <gtest/gtest.h>

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
// Seen on Debian's haproxy 2.6, one thread. Of 44 sets watched 30 come out the same, most of them below; {5, 3, 2} and
// {1, 2, 3, 4} are among those that differ in some places.
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

}  // namespace
}  // namespace weir::balance
