// Work put off until the event batch is over: no coroutine and no callback of a socket is on the stack then.
//
// Used for cancellation, for clean-up, and to answer once to many events of one turn. Work deferred while the queue
// runs waits for the next round, so a round ends. One thread.
#pragma once

#include <vector>

namespace weir::io {

using DeferredFunction = void (*)(void* object);

/// A piece of deferred work that lives inside its object: queued at most once, withdrawn when destroyed.
class Deferred {
 public:
  Deferred(DeferredFunction function, void* object) : function_(function), object_(object) {}
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred() { withdraw(); }
  [[nodiscard]] bool queued() const { return next_ != this; }
  void withdraw() {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
  }

 private:
  friend class DeferQueue;
  Deferred* next_ = this;
  Deferred* previous_ = this;
  DeferredFunction function_;
  void* object_;
};

class DeferQueue {
 public:
  DeferQueue() = default;
  DeferQueue(const DeferQueue&) = delete;
  DeferQueue& operator=(const DeferQueue&) = delete;

  void push(Deferred& work);
  void push(DeferredFunction function, void* object) { calls_.push_back({function, object}); }
  /// Runs what was queued when it was called.
  void run();
  [[nodiscard]] bool empty() const { return calls_.empty() && !head_.queued(); }

 private:
  struct Call {
    DeferredFunction function;
    void* object;
  };
  static void splice(Deferred& from, Deferred& to);
  Deferred head_{nullptr, nullptr};
  std::vector<Call> calls_;
  std::vector<Call> round_;
};

}  // namespace weir::io
