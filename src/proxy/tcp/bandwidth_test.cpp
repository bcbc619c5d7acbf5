#include "proxy/tcp/bandwidth.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1000s};

struct Flowed {
  std::uint64_t bytes = 0;
  unsigned wakes = 0;
};

/// Takes whatever is allowed and sleeps until the bucket says, on a clock of whole milliseconds that is late by `late`.
Flowed run(std::uint64_t limit, Milliseconds period, std::uint64_t min_size, Milliseconds duration,
           Milliseconds late = 0ms) {
  Bucket bucket;
  bucket.set(limit, period, min_size, kStart);
  Flowed flowed;
  TimePoint now = kStart;
  while (now < kStart + duration) {
    flowed.wakes++;
    while (const std::uint64_t allowed = bucket.allowance(now)) {
      EXPECT_GE(allowed, std::min<std::uint64_t>(min_size, 1));
      bucket.take(allowed, now);
      flowed.bytes += allowed;
    }
    const TimePoint next = bucket.next(now);
    EXPECT_GT(next, now);
    now = std::chrono::ceil<std::chrono::milliseconds>(next) + late;
  }
  return flowed;
}

TEST(Bucket, RatesHoldOverTime) {
  const struct {
    std::uint64_t limit;
    Milliseconds period;
    std::uint64_t min_size;
  } cases[] = {{1000, 1s, 0},
               {100'000, 1s, 0},
               {1'000'000, 1s, 2896},
               {10'000'000, 1s, 0},
               {50'000, 100ms, 0},
               {1'000'000, 60s, 0},
               {7, 1s, 0},
               {1, 1s, 0},
               {100'000, 1s, 8000},
               {1'000'000'000, 1s, 2896}};
  for (const auto& one : cases) {
    for (const Milliseconds late : {0ms, 1ms}) {
      const Milliseconds duration = 20 * one.period;
      const Flowed flowed = run(one.limit, one.period, one.min_size, duration, late);
      const double wanted = 20.0 * static_cast<double>(one.limit);
      // At most two chunks above, whatever the time; a late timer may cost a little.
      EXPECT_LE(static_cast<double>(flowed.bytes),
                wanted + 2 * std::max({wanted / 20 / 64, 1448.0, static_cast<double>(one.min_size)}))
          << one.limit;
      if (one.limit > 1000) EXPECT_GE(static_cast<double>(flowed.bytes), wanted * 0.9) << one.limit;
      EXPECT_LE(flowed.wakes, 20 * 64 + 40) << one.limit;
    }
  }
}

TEST(Bucket, WaitsForAWholeChunk) {
  Bucket bucket;
  bucket.set(1'000'000, 1s, 20'000, kStart);
  EXPECT_EQ(bucket.allowance(kStart), 20'000U);
  bucket.take(20'000, kStart);
  EXPECT_EQ(bucket.allowance(kStart), 0U);
  EXPECT_EQ(bucket.allowance(kStart + 19ms), 0U);
  EXPECT_EQ(bucket.allowance(kStart + 20ms), 20'000U);
  EXPECT_EQ(bucket.allowance(kStart + 10s), 40'000U);  // what was not used is not saved up
}

TEST(Bucket, CreditIsPaidBack) {
  Bucket bucket;
  bucket.set(1000, 1s, 0, kStart);
  bucket.take(10'000, kStart);
  EXPECT_EQ(bucket.allowance(kStart + 9s), 0U);
  EXPECT_GT(bucket.allowance(kStart + 11s), 0U);
  EXPECT_LT(bucket.next(kStart), kStart + 11s);
}

// Rules may compute both of them from what a client says.
TEST(Bucket, EveryPeriodAndLimitIsBounded) {
  for (const Milliseconds period : {Milliseconds::min(), Milliseconds(-1), 0ms, 1ms, Milliseconds::max()}) {
    for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      for (const std::uint64_t min_size : {std::uint64_t{0}, ~std::uint64_t{0}}) {
        Bucket bucket;
        bucket.set(limit, period, min_size, kStart);
        EXPECT_GT(bucket.allowance(kStart), 0U);
        bucket.take(~std::uint64_t{0}, kStart);
        EXPECT_EQ(bucket.allowance(kStart), 0U);
        EXPECT_GT(bucket.next(kStart), kStart);
        (void)bucket.allowance(kStart + 1h);
      }
    }
  }
}

}  // namespace
}  // namespace weir::proxy
