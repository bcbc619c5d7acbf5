#include "proxy/filter/encoder_pool.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proxy {
namespace {

using proto::coding::Coding;
using proto::coding::memory_of;
using proto::coding::Until;

constexpr std::uint64_t kGzip = 270'336;

TEST(EncoderPool, WhatIsLentComesBackAndIsLentAgain) {
  CompressionState state;
  EncoderPool pool(state);
  const CompressionLimits limits;
  const proto::coding::Encoder* first = nullptr;
  {
    LentEncoder lent = pool.take(Coding::gzip, limits);
    ASSERT_TRUE(lent);
    first = lent.operator->();
    EXPECT_EQ(pool.lent(), 1U);
    EXPECT_EQ(state.memory.load(), kGzip);
    char out[100];
    EXPECT_FALSE(
        lent->step(std::string(5000, 'x') + std::string(5000, 'y'), std::span(out).first(8), Until::end).through);
  }
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(pool.kept(), 1U);
  EXPECT_EQ(state.memory.load(), kGzip) << "what is kept still counts";
  const LentEncoder other = pool.take(Coding::deflate, limits);
  const LentEncoder again = pool.take(Coding::gzip, limits);
  EXPECT_NE(other.operator->(), first);
  EXPECT_EQ(again.operator->(), first);
  EXPECT_FALSE(again->holds_bytes()) << "nothing of the message before";
  EXPECT_EQ(state.memory.load(), 2 * kGzip);
}

TEST(EncoderPool, OtherParametersAreOtherEncoders) {
  CompressionState state;
  EncoderPool pool(state);
  {
    const LentEncoder one = pool.take(Coding::gzip, {});
  }
  const LentEncoder small = pool.take(Coding::gzip, {.window = 10, .memory_level = 1});
  EXPECT_EQ(pool.kept(), 1U);
  EXPECT_LT(state.memory.load(), kGzip + 20'000);
}

TEST(EncoderPool, TheLimitHoldsAndKeptOnesGiveWay) {
  CompressionState state;
  EncoderPool pool(state), neighbour(state);
  const CompressionLimits limits{.megabytes = 1};
  {
    LentEncoder a = pool.take(Coding::gzip, limits), b = pool.take(Coding::gzip, limits);
    LentEncoder c = neighbour.take(Coding::gzip, limits);
    EXPECT_TRUE(a && b && c);
    EXPECT_FALSE(pool.take(Coding::gzip, limits)) << "the neighbour's counts too";
    EXPECT_FALSE(pool.take(Coding::br, {.megabytes = 1, .level = 5}));
    EXPECT_TRUE(pool.take(Coding::identity, limits)) << "it needs none";
  }
  EXPECT_EQ(pool.kept(), 3U);
  const LentEncoder big = pool.take(Coding::gzip, {.megabytes = 1, .memory_level = 9});
  EXPECT_TRUE(big) << "what is kept was given up for it";
  EXPECT_LE(state.memory.load(), std::uint64_t{1} << 20U);
}

TEST(EncoderPool, KeepsAFewAndCountsNoneOfTheOthers) {
  CompressionState state;
  EncoderPool pool(state);
  std::vector<LentEncoder> many;
  for (int i = 0; i < 40; i++) many.push_back(pool.take(Coding::gzip, {}));
  EXPECT_EQ(pool.lent(), 40U);
  many.clear();
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(pool.kept(), 16U);
  EXPECT_EQ(state.memory.load(), 16 * kGzip);
  pool.flush();
  EXPECT_EQ(state.memory.load(), 0U);
}

TEST(EncoderPool, TheRateIsTheProcesss) {
  using namespace std::chrono_literals;
  CompressionState state;
  EncoderPool pool(state);
  state.bytes_in.add(10'000, 5000);
  EXPECT_FALSE(pool.at_limit({}, TimePoint(10s), 10'000)) << "there is none";
  state.most_in_per_second = 5000;
  EXPECT_TRUE(pool.at_limit({}, TimePoint(10s), 10'000));
  EXPECT_FALSE(pool.at_limit({}, TimePoint(13s), 13'000)) << "a second later it is over";
}

TEST(ProcessorUse, IsLookedAtNowAndThen) {
  using namespace std::chrono_literals;
  ProcessorUse use;
  EXPECT_EQ(use.percent(TimePoint(10s)), 0U) << "nothing is known yet";
  volatile std::uint64_t sum = 0;
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  const timespec start = time;  // of this thread, whatever the clock on the wall says
  while ((time.tv_sec - start.tv_sec) * 1000 + (time.tv_nsec - start.tv_nsec) / 1'000'000 < 300) {
    for (int i = 0; i < 100'000; i++) sum = sum + 1;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  }
  EXPECT_EQ(use.percent(TimePoint(10s + 200ms)), 0U) << "too soon to look";
  EXPECT_NEAR(use.percent(TimePoint(10s + 1000ms)), 30, 8);
  EXPECT_LE(use.percent(TimePoint(12s)), 3U);
}

}  // namespace
}  // namespace weir::proxy
