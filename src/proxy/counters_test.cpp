#include "proxy/counters.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir::proxy {
namespace {

TEST(Counter, AddsAndClears) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42U);
  counter.clear();
  EXPECT_EQ(counter.value(), 0U);
}

TEST(Gauge, RemembersHowHighItWas) {
  Gauge gauge;
  EXPECT_EQ(gauge.increment(), 1U);
  EXPECT_EQ(gauge.increment(), 2U);
  EXPECT_EQ(gauge.decrement(), 1U);
  EXPECT_EQ(gauge.value(), 1U);
  EXPECT_EQ(gauge.max(), 2U);
  gauge.clear_max();
  EXPECT_EQ(gauge.max(), 1U) << "the maximum starts again from what there is";
}

TEST(Gauge, LosesNothingBetweenThreads) {
  constexpr unsigned kThreads = 4;
  constexpr unsigned kRounds = 5000;
  Gauge gauge;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; i++)
    threads.emplace_back([&gauge] {
      for (unsigned round = 0; round < kRounds; round++) {
        gauge.increment();
        if (round % 2 == 0) gauge.decrement();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gauge.value(), kThreads * kRounds / 2);
  EXPECT_GE(gauge.max(), gauge.value());
  EXPECT_LE(gauge.max(), gauge.value() + kThreads);
}

// What a sliding second sees: all of the running period and the share of the one before that it still covers.
TEST(Rate, CoversTheLastSecond) {
  struct Row {
    std::uint64_t at;
    std::uint32_t rate;
  };
  const Row rows[] = {{10'000, 8}, {10'999, 8}, {11'000, 8}, {11'500, 4}, {11'750, 2}, {12'000, 0}, {90'000, 0}};
  for (const Row& row : rows) {
    Rate rate;
    for (int i = 0; i < 8; i++) rate.add(10'000);
    EXPECT_EQ(rate.value(row.at), row.rate) << "at " << row.at;
  }
}

TEST(Rate, AddsTheShareOfThePeriodBefore) {
  Rate rate;
  rate.add(10'000, 8);
  rate.add(11'500, 1);
  EXPECT_EQ(rate.value(11'500), 5U);
  EXPECT_EQ(rate.value(11'999), 1U);
  EXPECT_EQ(rate.max(), 8U);
  rate.add(13'000, 1);
  EXPECT_EQ(rate.value(13'000), 1U) << "a whole period without events lies between";
  rate.clear_max();
  EXPECT_EQ(rate.max(), 0U);
}

TEST(PerWorker, SumsOneMember) {
  struct Counters {
    Counter in;
    Counter out;
  };
  PerWorker<Counters> counters(3);
  for (unsigned worker = 0; worker < counters.size(); worker++) {
    counters[worker].in.add(worker + 1);
    counters[worker].out.add(100);
  }
  EXPECT_EQ(counters.sum(&Counters::in), 6U);
  EXPECT_EQ(counters.sum(&Counters::out), 300U);
}

// Whoever waits as long as told finds room, and would not have found it a millisecond earlier.
TEST(Rate, WaitsExactlyUntilThereIsRoom) {
  for (const std::uint32_t limit : {1U, 3U, 10U, 1000U}) {
    Rate rate;
    std::uint64_t now = 5'123;
    for (int i = 0; i < 40; i++) {
      while (rate.wait(now, limit) == 0) rate.add(now);
      const std::uint64_t wait = rate.wait(now, limit);
      if (wait > 1) EXPECT_NE(rate.wait(now + wait - 1, limit), 0U) << limit << " at " << now;
      now += wait;
      EXPECT_EQ(rate.wait(now, limit), 0U) << limit << " at " << now;
    }
  }
}

TEST(Rate, WithoutALimitNobodyWaits) {
  Rate rate;
  for (int i = 0; i < 1000; i++) rate.add(7);
  EXPECT_EQ(rate.wait(7, 0), 0U);
}

}  // namespace
}  // namespace weir::proxy
