#include "io/aside.h"

#include <gtest/gtest.h>

#include <future>

#include "io/testing.h"

namespace weir::io {
namespace {

constexpr TimePoint kNever = TimePoint::max();

Task<int> ask(Aside& aside, Worker& worker, std::shared_future<void> gate, TimePoint deadline) {
  const auto got = co_await aside.run(
      worker,
      [gate] {
        gate.wait();
        return 7;
      },
      deadline);
  co_return got.value_or(-1);
}

TEST(Aside, gives_what_another_thread_found) {
  Worker worker;
  Aside aside("aside", Aside::AtEnd::wait);
  std::promise<void> gate;
  gate.set_value();
  EXPECT_EQ(testing::run(worker, ask(aside, worker, gate.get_future().share(), kNever)), 7);
  const auto mine = std::this_thread::get_id();
  const auto where = [](Aside& on, Worker& at) -> Task<std::thread::id> {
    const auto got = co_await on.run(at, [] { return std::this_thread::get_id(); }, kNever);
    co_return *got;
  };
  EXPECT_NE(testing::run(worker, where(aside, worker)), mine);
}

TEST(Aside, a_deadline_ends_the_waiting_and_not_the_errand) {
  Worker worker;
  std::promise<void> gate;
  Aside aside("aside", Aside::AtEnd::wait);
  const auto open = gate.get_future().share();
  EXPECT_EQ(testing::run(worker, ask(aside, worker, open, worker.now() + Milliseconds(20))), -1);
  gate.set_value();
  EXPECT_EQ(testing::run(worker, ask(aside, worker, open, kNever)), 7);
}

TEST(Aside, the_line_has_an_end) {
  Worker worker;
  std::promise<void> gate;
  const auto open = gate.get_future().share();
  Aside aside("aside", Aside::AtEnd::wait, 2);
  Scope scope(worker.deferred());
  static int full = 0;
  full = 0;
  const auto one = [](Aside* on, Worker* at, std::shared_future<void> when) -> Task<void> {
    const int got = co_await ask(*on, *at, when, kNever);
    full += got == -1;
  };
  for (int i = 0; i < 5; ++i) scope.spawn(+one, &aside, &worker, open);
  EXPECT_GE(full, 2);   // of five, one may have begun, two wait
  scope.destroy_all();  // in the middle of waiting: nobody is woken afterwards
  gate.set_value();
  for (int i = 0; i < 5; ++i) worker.run_once(1);
}

TEST(Aside, may_leave_an_errand_that_blocks) {
  Worker worker;
  std::promise<void> gate;
  const auto open = gate.get_future().share();
  {
    Aside aside("aside", Aside::AtEnd::leave);
    EXPECT_EQ(testing::run(worker, ask(aside, worker, open, worker.now() + Milliseconds(20))), -1);
  }
  gate.set_value();
}

}  // namespace
}  // namespace weir::io
