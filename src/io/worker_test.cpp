#include "io/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "io/signals.h"

namespace weir::io {
namespace {

TEST(Worker, PostsFromManyThreadsAllArriveInOrderPerSender) {
  WorkerGroup group;
  group.create(2);
  ASSERT_TRUE(group.start());
  constexpr int kSenders = 4;
  constexpr std::uint64_t kEach = 2000;
  struct Sink {
    std::vector<std::uint64_t> last = std::vector<std::uint64_t>(kSenders, 0);  // touched by worker 1 only
    std::atomic<std::uint64_t> total{0};
    std::atomic<bool> ordered{true};
  } sink;
  std::vector<std::thread> senders;
  for (std::uint64_t s = 0; s < kSenders; ++s) {
    senders.emplace_back([&group, &sink, s] {
      for (std::uint64_t i = 1; i <= kEach; ++i) {
        group.worker(1).post({.run =
                                  [](void* object, std::uint64_t value) {
                                    auto* const to = static_cast<Sink*>(object);
                                    std::uint64_t& last = to->last[value >> 32];
                                    if ((value & 0xffffffff) != last + 1) to->ordered = false;
                                    last = value & 0xffffffff;
                                    ++to->total;
                                  },
                              .object = &sink,
                              .value = s << 32 | i});
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  group.stop();
  group.join();
  EXPECT_EQ(sink.total, kSenders * kEach);
  EXPECT_TRUE(sink.ordered);
}

TEST(Worker, PingPongBetweenWorkersWakesASleeper) {
  WorkerGroup group;
  group.create(2);
  struct Game {
    WorkerGroup* group;
    std::atomic<int> rounds{0};
    void serve(std::size_t to) {
      group->worker(to).post([this, to] {
        EXPECT_EQ(Worker::current().id(), to);
        if (++rounds < 500) {
          serve(1 - to);
        } else {
          group->stop();
        }
      });
    }
  } game{&group};
  game.serve(0);
  ASSERT_TRUE(group.start());
  group.join();
  EXPECT_EQ(game.rounds, 500);
}

TEST(Worker, APostThatComesTooLateStillRunsAndLetsGo) {
  auto owned = std::make_shared<int>(0);
  {
    WorkerGroup group;
    group.create(1);
    ASSERT_TRUE(group.start());
    group.stop();
    group.join();
    group.worker(0).post([owned] { ++*owned; });
  }
  EXPECT_EQ(*owned, 1);
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Worker, ATurnGoesPostsThenTimersThenDeferred) {
  FakeClock clock;
  Worker worker({.clock = &clock});
  std::string order;
  Timer timer([](void* o) { *static_cast<std::string*>(o) += 't'; }, &order);
  worker.timers().arm(timer, clock.now + Milliseconds(3));
  worker.defer([](void* o) { *static_cast<std::string*>(o) += 'd'; }, &order);
  worker.post([&order] { order += 'p'; });
  clock.advance(Milliseconds(3));
  worker.run_once(0);
  EXPECT_EQ(order, "ptd");
  EXPECT_EQ(worker.now(), clock.now);
  EXPECT_EQ(worker.wall_now(), clock.wall);
}

TEST(DeferQueue, WorkDeferredMeanwhileWaitsForTheNextRound) {
  DeferQueue queue;
  struct Again {
    DeferQueue* queue;
    int runs = 0;
    Deferred work{[](void* o) {
                    auto* const self = static_cast<Again*>(o);
                    ++self->runs;
                    self->queue->push(self->work);
                  },
                  this};
  } again{&queue};
  queue.push(again.work);
  queue.push(again.work);  // queued once
  queue.run();
  EXPECT_EQ(again.runs, 1);
  queue.run();
  EXPECT_EQ(again.runs, 2);
  again.work.withdraw();
  EXPECT_TRUE(queue.empty());
}

TEST(Worker, BuffersAndPipesAreBounded) {
  Worker worker({.cached_buffers = 2, .max_pipes = 2});
  std::vector<char*> taken;
  for (int i = 0; i < 4; ++i) taken.push_back(worker.buffers().take());
  EXPECT_EQ(worker.buffers().in_use(), 4U);
  for (char* buffer : taken) worker.buffers().give(buffer);
  EXPECT_EQ(worker.buffers().cached(), 2U);
  Pipe* const one = worker.pipes().take();
  Pipe* const two = worker.pipes().take();
  ASSERT_NE(one, nullptr);
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(worker.pipes().take(), nullptr);
  two->held = 1;
  worker.pipes().give(one);
  worker.pipes().give(two);  // still holds bytes: closed
  EXPECT_EQ(worker.pipes().cached(), 1U);
}

TEST(Signals, ArriveAsCalls) {
  Worker worker;
  int seen = 0;
  auto signals =
      Signals::open(worker.reactor(), {SIGUSR2}, [](void* o, int signal) { *static_cast<int*>(o) = signal; }, &seen);
  ASSERT_TRUE(signals) << signals.error().message;
  ::pthread_kill(::pthread_self(), SIGUSR2);
  worker.run_once(1000);
  EXPECT_EQ(seen, SIGUSR2);
}

}  // namespace
}  // namespace weir::io
