// co_await answered: waits for the control thread's answer, which comes on this worker. The coroutine may be gone by
// then.
#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <utility>

#include "proxy/control.h"

namespace weir::admin {

class Answered {
 public:
  struct State {
    bool done = false;
    bool ok = false;
    std::string text;
    std::coroutine_handle<> waiter;
  };
  Answered() : state_(std::make_shared<State>()) {}
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  ~Answered() { state_->waiter = {}; }

  [[nodiscard]] proxy::Control::Answer callback() {
    return [state = state_](bool ok, std::string text) {
      state->ok = ok;
      state->text = std::move(text);
      state->done = true;
      if (state->waiter) std::exchange(state->waiter, {}).resume();
    };
  }
  [[nodiscard]] bool await_ready() const { return state_->done; }
  void await_suspend(std::coroutine_handle<> waiter) { state_->waiter = waiter; }
  State await_resume() { return std::move(*state_); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace weir::admin
