#include "io/timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace weir::io {
namespace {

const TimePoint kStart{Milliseconds(5'000)};

TimePoint at(std::int64_t ms) { return kStart + Milliseconds(ms); }
void count(void* object) { ++*static_cast<int*>(object); }

TEST(TimerWheel, FiresOnceAtItsDeadlineAndNeverEarly) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer timer(&count, &fired);
  wheel.arm(timer, at(10) + std::chrono::microseconds(1));
  wheel.advance(at(10));
  EXPECT_EQ(fired, 0);
  wheel.advance(at(11));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.armed());
  wheel.advance(at(1000));
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, DeadlinesNearAndFar) {
  for (const std::int64_t ms :
       {1LL, 63LL, 64LL, 65LL, 4095LL, 4096LL, 4097LL, 262'144LL, 86'400'000LL, 31'536'000'000LL}) {
    TimerWheel wheel(kStart);
    int fired = 0;
    Timer timer(&count, &fired);
    wheel.arm(timer, at(ms));
    wheel.advance(at(ms - 1));
    EXPECT_EQ(fired, 0) << ms;
    EXPECT_EQ(wheel.timeout(at(ms - 1)), 1) << ms;
    wheel.advance(at(ms));
    EXPECT_EQ(fired, 1) << ms;
    EXPECT_EQ(wheel.timeout(at(ms)), -1) << ms;
  }
}

TEST(TimerWheel, ManyRandomOnesComeInOrder) {
  TimerWheel wheel(kStart);
  std::mt19937 random(7);
  struct One {
    Timer timer;
    std::int64_t due = 0;
    std::int64_t fired = -1;
    std::int64_t* clock = nullptr;
  };
  std::int64_t clock = 0;
  std::vector<std::unique_ptr<One>> all;
  for (int i = 0; i < 2000; ++i) {
    all.push_back(std::make_unique<One>());
    One& one = *all.back();
    one.clock = &clock;
    one.due = std::uniform_int_distribution<std::int64_t>(1, 20'000)(random);
    one.timer.set([](void* o) { static_cast<One*>(o)->fired = *static_cast<One*>(o)->clock; }, &one);
    wheel.arm(one.timer, at(one.due));
  }
  std::int64_t before = 0;
  while (clock < 20'000) {
    before = clock;
    clock += std::uniform_int_distribution<std::int64_t>(1, 50)(random);
    wheel.advance(at(clock));
    for (const auto& one : all) {
      if (one->due > before && one->due <= clock) EXPECT_EQ(one->fired, clock);
    }
  }
}

TEST(TimerWheel, MovingLaterIsLazyAndMovingEarlierIsNot) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer timer(&count, &fired);
  wheel.arm(timer, at(100));
  wheel.arm(timer, at(500));
  EXPECT_EQ(wheel.timeout(at(0)), 64);  // still the old place: its slot on the second level begins at 64
  wheel.advance(at(499));
  EXPECT_EQ(fired, 0);
  wheel.advance(at(500));
  EXPECT_EQ(fired, 1);
  wheel.arm(timer, at(900));
  wheel.arm(timer, at(600));
  wheel.advance(at(600));
  EXPECT_EQ(fired, 2);
  wheel.advance(at(2000));
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, ThePastFiresNextAndForEverIsNever) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer timer(&count, &fired);
  wheel.advance(at(100));
  wheel.arm(timer, at(3));
  wheel.advance(at(101));
  EXPECT_EQ(fired, 1);
  wheel.arm(timer, at(200));
  wheel.arm(timer, TimePoint::max());
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel.timeout(at(101)), -1);
}

struct Killer {
  TimerWheel* wheel = nullptr;
  Timer* victim = nullptr;
  Timer own{[](void* self) { static_cast<Killer*>(self)->kill(); }, this};
  int fired = 0;
  void kill() {
    ++fired;
    victim->cancel();
  }
};

TEST(TimerWheel, CancelsANeighbourInsideACallback) {
  TimerWheel wheel(kStart);
  Killer a{.wheel = &wheel};
  Killer b{.wheel = &wheel};
  a.victim = &b.own;
  b.victim = &a.own;
  wheel.arm(a.own, at(5));
  wheel.arm(b.own, at(5));
  wheel.advance(at(10));
  EXPECT_EQ(a.fired + b.fired, 1);
}

TEST(TimerWheel, ACallbackMayDestroyItsTimerOrArmItAgain) {
  TimerWheel wheel(kStart);
  struct Mortal {
    Timer timer{[](void* self) { delete static_cast<Mortal*>(self); }, this};
  };
  wheel.arm((new Mortal)->timer, at(5));
  struct Steady {
    TimerWheel* wheel;
    int fired = 0;
    Timer timer{[](void* o) {
                  auto* const self = static_cast<Steady*>(o);
                  ++self->fired;
                  self->wheel->arm(self->timer, at(self->fired * 10 + 10));
                },
                this};
  } steady{&wheel};
  wheel.arm(steady.timer, at(10));
  wheel.advance(at(100));
  EXPECT_EQ(steady.fired, 10);
}

TEST(TimerWheel, ATimerMayOutliveItsWheel) {
  int fired = 0;
  Timer timer(&count, &fired);
  {
    TimerWheel wheel(kStart);
    wheel.arm(timer, at(5));
  }
  EXPECT_FALSE(timer.armed());
}

}  // namespace
}  // namespace weir::io
