#include "io/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "io/stream.h"
#include "io/testing.h"
#include "io/worker.h"

namespace weir::io {
namespace {

Task<int> answer() { co_return 42; }
Task<int> twice(const std::string& text) {
  const int got = co_await answer();
  co_return got * 2 + static_cast<int>(text.size());
}
Task<bool> branch() {
  const bool yes = (co_await answer()) == 42;
  if (yes) co_return true;
  co_return false;
}

TEST(Task, ValuesComeBackThroughNestedAwaits) {
  Worker worker;
  EXPECT_EQ(testing::run(worker, twice(std::string("abc"))), 87);
  EXPECT_TRUE(testing::run(worker, branch()));
}

Task<int> deep(int n) {
  if (n == 0) co_return 0;
  const int below = co_await deep(n - 1);
  co_return below + 1;
}
#ifdef __OPTIMIZE__
Task<int> many() {
  int sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const int got = co_await answer();
    sum += got == 42 ? 1 : 0;
  }
  co_return sum;
}
#endif

TEST(Task, FinishingGrowsNoStack) {
  Worker worker;
  EXPECT_EQ(testing::run(worker, deep(1000)), 1000);
#ifdef __OPTIMIZE__  // symmetric transfer is a tail call only in optimized code
  EXPECT_EQ(testing::run(worker, many()), 100'000);
#endif
}

struct Flag {
  int* destroyed;
  ~Flag() { ++*destroyed; }
};

Task<void> wait_for_ever(Worker* worker, int* destroyed) {
  const Flag flag{destroyed};
  co_await sleep_until(*worker, TimePoint::max());
}
Task<void> outer(Worker* worker, int* destroyed) {
  const Flag flag{destroyed};
  co_await wait_for_ever(worker, destroyed);
}

TEST(Scope, CancelDestroysTheFramesInsideOutBetweenEvents) {
  Worker worker;
  Scope scope(worker.deferred());
  int destroyed = 0;
  const ActivityId first = scope.spawn(&outer, &worker, &destroyed);
  scope.spawn(&outer, &worker, &destroyed);
  EXPECT_EQ(scope.size(), 2U);
  scope.cancel(first);
  EXPECT_EQ(destroyed, 0);  // queued, not done
  worker.run_once(0);
  EXPECT_EQ(destroyed, 2);
  EXPECT_EQ(scope.size(), 1U);
  scope.cancel(first);  // gone: nothing
  scope.cancel_all();
  worker.run_once(0);
  EXPECT_EQ(destroyed, 4);
  EXPECT_TRUE(scope.empty());
}

Task<void> cancel_own_scope(Scope* scope, Worker* worker, int* destroyed) {
  const Flag flag{destroyed};
  scope->cancel_all();
  EXPECT_EQ(*destroyed, 0);  // still running: the frame is on the stack
  co_await sleep_until(*worker, TimePoint::max());
}

TEST(Scope, AnActivityMayCancelItself) {
  Worker worker;
  Scope scope(worker.deferred());
  int destroyed = 0;
  scope.spawn(&cancel_own_scope, &scope, &worker, &destroyed);
  worker.run_once(0);
  EXPECT_EQ(destroyed, 1);
}

Task<void> takes_reference(const std::string& text, std::unique_ptr<int> number, std::string* out, Worker* worker) {
  co_await sleep_for(*worker, Milliseconds(5));
  *out = text + std::to_string(*number);
}

TEST(Scope, ReferencesToSpawnedValuesStayValid) {
  FakeClock clock;
  Worker worker({.clock = &clock});
  Scope scope(worker.deferred());
  std::string out;
  scope.spawn(&takes_reference, std::string("a rather long text, not in place: "), std::make_unique<int>(7), &out,
              &worker);
  worker.run_once(0);
  EXPECT_TRUE(out.empty());
  clock.advance(Milliseconds(5));
  worker.run_once(0);
  EXPECT_EQ(out, "a rather long text, not in place: 7");
}

TEST(Scope, SaysWhenItIsEmpty) {
  Worker worker;
  Scope scope(worker.deferred());
  int destroyed = 0;
  int emptied = 0;
  scope.spawn(&wait_for_ever, &worker, &destroyed);
  scope.when_empty([](void* n) { ++*static_cast<int*>(n); }, &emptied);
  worker.run_once(0);
  EXPECT_EQ(emptied, 0);
  scope.cancel_all();
  worker.run_once(0);
  worker.run_once(0);
  EXPECT_EQ(emptied, 1);
}

TEST(ScopeDeathTest, LeavingAnActivityBehindStopsTheProcess) {
  EXPECT_DEATH(
      {
        Worker worker;
        int destroyed = 0;
        Scope scope(worker.deferred());
        scope.spawn(&wait_for_ever, &worker, &destroyed);
      },
      "empty");
}

static_assert(!std::is_copy_constructible_v<Task<int>> && !std::is_move_constructible_v<Task<int>>);

TEST(FrameSlab, KeepsABoundedCache) {
  FrameSlab slab;
  std::vector<void*> blocks;
  for (int i = 0; i < 300; ++i) blocks.push_back(slab.allocate(200));
  for (void* block : blocks) slab.release(block, 200);
  EXPECT_LE(slab.cached(), FrameSlab::kCachedPerClass);
  void* const large = slab.allocate(100'000);
  slab.release(large, 100'000);
  EXPECT_LE(slab.cached(), FrameSlab::kCachedPerClass);
}

}  // namespace
}  // namespace weir::io
