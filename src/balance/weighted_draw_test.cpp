#include "balance/weighted_draw.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::balance {
namespace {

TEST(WeightedDraw, EveryTicketBelongsToThePlaceThatPaidForIt) {
  std::minstd_rand random(7);
  for (const std::size_t places : {1U, 2U, 3U, 7U, 8U, 9U, 100U}) {
    WeightedDraw draw;
    draw.reset(places);
    for (int round = 0; round < 4; ++round) {
      for (std::uint32_t i = 0; i < places; ++i)
        if (random() % 2 == 0) draw.set(i, static_cast<std::uint32_t>(random() % 5));
      std::uint64_t ticket = 0;
      for (std::uint32_t i = 0; i < places; ++i)
        for (std::uint32_t paid = 0; paid < draw.weight(i); ++paid) ASSERT_EQ(draw.at(ticket++), i) << places;
      EXPECT_EQ(draw.total(), ticket);
    }
  }
}

TEST(WeightedDraw, WithoutWeightsItStaysWithinItsPlaces) {
  WeightedDraw draw;
  draw.reset(3);
  EXPECT_EQ(draw.total(), 0U);
  EXPECT_LT(draw.at(0), 3U);
}

}  // namespace
}  // namespace weir::balance
