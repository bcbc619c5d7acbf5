#include "base/short_lock.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(ShortLock, OneAtATime) {
  constexpr int kThreads = 4, kRounds = 50'000;
  ShortLock lock;
  int counted = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < kRounds; ++n) {
        const std::scoped_lock guard(lock);
        ++counted;
      }
    });
  threads.clear();
  EXPECT_EQ(counted, kThreads * kRounds);
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
}

}  // namespace
}  // namespace weir
