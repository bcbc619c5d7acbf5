#include "io/aside.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>

#include "io/worker.h"

namespace weir::io {

struct Aside::Line {
  std::string name;
  std::size_t most = 0;
  std::mutex lock;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Errand>> errands;
  bool ended = false;
};

Aside::Aside(std::string name, AtEnd at_end, std::size_t most_waiting)
    : at_end_(at_end), line_(std::make_shared<Line>()) {
  line_->name = std::move(name);
  line_->most = most_waiting;
}

Aside::~Aside() {
  {
    const std::scoped_lock guard(line_->lock);
    line_->ended = true;
    line_->errands.clear();
    line_->changed.notify_all();
  }
  if (!thread_.joinable()) return;
  if (at_end_ == AtEnd::wait)
    thread_.join();
  else
    thread_.detach();
}

bool Aside::take(std::shared_ptr<Errand> errand) {
  const std::scoped_lock guard(line_->lock);
  if (line_->errands.size() >= line_->most) return false;
  if (!thread_.joinable()) {
    try {  // the standard library reports a refused thread by throwing
      thread_ = std::thread([line = line_] { serve(line); });
    } catch (const std::system_error&) {
      return false;
    }
    pthread_setname_np(thread_.native_handle(), line_->name.c_str());
  }
  line_->errands.push_back(std::move(errand));
  line_->changed.notify_all();
  return true;
}

void Aside::serve(const std::shared_ptr<Line>& line) {
  for (;;) {
    std::shared_ptr<Errand> errand;
    {
      std::unique_lock guard(line->lock);
      line->changed.wait(guard, [&] { return line->ended || !line->errands.empty(); });
      if (line->ended) return;
      errand = std::move(line->errands.front());
      line->errands.pop_front();
    }
    if (!errand->wanted.load(std::memory_order_acquire)) continue;
    errand->act();
    // Under the lock: once the line has ended, the worker may be gone.
    const std::scoped_lock guard(line->lock);
    if (line->ended) return;
    Worker* const worker = errand->worker;
    worker->post([done = std::move(errand)] {
      done->done = true;
      if (done->waiter) std::exchange(done->waiter, {}).resume();
    });
  }
}

void Aside::Waiting::await_suspend(std::coroutine_handle<> waiter) {
  errand_.waiter = waiter;
  timer_.set(&Waiting::expired, this);
  errand_.worker->timers().arm(timer_, deadline_);
}

void Aside::Waiting::expired(void* waiting) {
  Errand& errand = static_cast<Waiting*>(waiting)->errand_;
  errand.wanted.store(false, std::memory_order_release);
  if (errand.waiter) std::exchange(errand.waiter, {}).resume();
}

// Resumed, or destroyed in the middle of waiting: in that case nobody is to be woken.
Aside::Waiting::~Waiting() {
  errand_.wanted.store(false, std::memory_order_release);
  errand_.waiter = {};
}

}  // namespace weir::io
