#include "balance/ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "balance/hash.h"

namespace weir::balance {
namespace {

// Seen on Debian's haproxy 2.6: three servers of weight 1, `hash-type consistent crc32`, keys made to have these
// hashes.
TEST(Ring, KeysBelongToTheServersObserved) {
  struct {
    std::uint32_t hash;
    std::uint32_t server;
  } constexpr kSeen[] = {{0x00003039, 3}, {0x06669666, 3}, {0x0cccfc93, 3}, {0x133362c0, 3}, {0x1999c8ed, 2},
                         {0x20002f1a, 1}, {0x26669547, 1}, {0x2cccfb74, 1}, {0x333361a1, 2}, {0x3999c7ce, 1},
                         {0x40002dfb, 1}, {0x46669428, 3}, {0x4cccfa55, 3}, {0x53336082, 3}, {0x5999c6af, 3},
                         {0x60002cdc, 1}, {0x66669309, 2}, {0x6cccf936, 3}, {0x73335f63, 1}, {0x7999c590, 2},
                         {0x80002bbd, 2}, {0x866691ea, 3}, {0x8cccf817, 2}, {0x93335e44, 3}, {0x9999c471, 2},
                         {0xa0002a9e, 1}, {0xa66690cb, 1}, {0xacccf6f8, 3}, {0xb3335d25, 2}, {0xb999c352, 2},
                         {0xc000297f, 3}, {0xc6668fac, 2}, {0xccccf5d9, 1}, {0xd3335c06, 3}, {0xd999c233, 1},
                         {0xe0002860, 1}, {0xe6668e8d, 3}, {0xecccf4ba, 2}, {0xf3335ae7, 2}, {0xf999c114, 2}};
  Ring ring;
  ring.reset(3);
  for (std::uint32_t i = 0; i < 3; ++i) ring.set(i, (i + 1) * kMostPoints, kPointsPerWeight);
  for (const auto& row : kSeen) EXPECT_EQ(ring.points()[ring.nearest(row.hash)].server + 1, row.server) << row.hash;
}

std::vector<std::uint32_t> owners(Ring& ring) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < 10'000; ++i) result.push_back(ring.points()[ring.nearest(avalanche(i))].server);
  return result;
}

TEST(Ring, OnlyTheKeysOfALostServerMove) {
  Ring ring;
  ring.reset(10);
  for (std::uint32_t i = 0; i < 10; ++i) ring.set(i, (i + 1) * kMostPoints, 160);
  const auto before = owners(ring);
  ring.set(4, 0, 0);
  const auto without = owners(ring);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] != 4) EXPECT_EQ(without[i], before[i]);
  EXPECT_EQ(std::ranges::count(without, 4U), 0);
  ring.set(4, 5 * kMostPoints, 160);
  EXPECT_EQ(owners(ring), before);
}

TEST(Ring, MoreWeightTakesKeysAndGivesNone) {
  Ring ring;
  ring.reset(4);
  for (std::uint32_t i = 0; i < 4; ++i) ring.set(i, (i + 1) * kMostPoints, 160);
  const auto before = owners(ring);
  ring.set(2, 3 * kMostPoints, 320);
  const auto after = owners(ring);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (after[i] != before[i]) EXPECT_EQ(after[i], 2U);
  const auto share = std::ranges::count(after, 2U);
  EXPECT_GT(share, 3'000);  // two fifths, as evenly as a ring can
  EXPECT_LT(share, 5'000);
}

TEST(Ring, TheCircleHasNoEnd) {
  Ring ring;
  ring.reset(1);
  EXPECT_TRUE(ring.empty());
  ring.set(0, kMostPoints, 1);
  EXPECT_FALSE(ring.empty());
  for (const std::uint32_t hash : {0U, 0x7fffffffU, 0xffffffffU}) EXPECT_EQ(ring.nearest(hash), 0U);
}

}  // namespace
}  // namespace weir::balance
