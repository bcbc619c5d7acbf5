// Wakeup: one activity sleeps until a time or until somebody rings. Rings that come while it is awake are one.
//
// It is resumed by the worker's timers, never from within ring(): the caller may be what it waits for. Belongs to one
// worker.
#pragma once

#include <coroutine>

#include "base/assert.h"
#include "io/worker.h"

namespace weir::peers {

class Wakeup {
 public:
  explicit Wakeup(io::Worker& worker) : worker_(worker) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void ring() {
    rung_ = true;
    if (waiting_) worker_.timers().arm(timer_, worker_.now());
  }

  class [[nodiscard]] Wait {
   public:
    Wait(Wakeup& wakeup, TimePoint until) : wakeup_(wakeup), until_(until) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() {
      if (!suspended_) return;  // else the frame is being destroyed
      wakeup_.waiting_ = {};
      wakeup_.timer_.cancel();
    }
    [[nodiscard]] bool await_ready() const { return wakeup_.rung_ || until_ <= wakeup_.worker_.now(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      WEIR_ASSERT(!wakeup_.waiting_);
      suspended_ = true;
      wakeup_.waiting_ = waiter;
      wakeup_.worker_.timers().arm(wakeup_.timer_, until_);
    }
    void await_resume() {
      suspended_ = false;
      wakeup_.rung_ = false;
    }

   private:
    Wakeup& wakeup_;
    TimePoint until_;
    bool suspended_ = false;
  };
  [[nodiscard]] Wait until(TimePoint time) { return {*this, time}; }

 private:
  static void on_timer(void* self) {
    const auto waiter = std::exchange(static_cast<Wakeup*>(self)->waiting_, {});
    if (waiter) waiter.resume();
  }

  io::Worker& worker_;
  bool rung_ = false;
  std::coroutine_handle<> waiting_;
  io::Timer timer_{&Wakeup::on_timer, this};
};

}  // namespace weir::peers
