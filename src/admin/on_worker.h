// co_await on_worker(worker, function): runs `function` on another worker's thread and brings back what it returns.
//
// The function travels by post and so does the answer: no lock, no wait. It must not suspend and must not throw. The
// waiting coroutine may be destroyed meanwhile: the function still runs (it owns all it needs by value), its answer
// then finds nobody. Called on the waiting worker only.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/worker.h"

namespace weir::admin {

template <class F>
class [[nodiscard]] OnWorker {
  using Value = std::invoke_result_t<F&>;
  static_assert(!std::is_void_v<Value>, "return something, such as true");
  struct Errand {
    explicit Errand(F wanted) : function(std::move(wanted)) {}
    F function;
    std::optional<Value> value;
    std::coroutine_handle<> waiter;  // touched on the asking worker alone
  };

 public:
  OnWorker(io::Worker& worker, F function) : worker_(worker), errand_(std::make_shared<Errand>(std::move(function))) {}
  OnWorker(const OnWorker&) = delete;
  OnWorker& operator=(const OnWorker&) = delete;
  ~OnWorker() { errand_->waiter = {}; }

  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    errand_->waiter = waiter;
    io::Worker* const home = &io::Worker::current();
    worker_.post([errand = errand_, home] {
      errand->value.emplace(errand->function());
      home->post([errand] {
        if (errand->waiter) std::exchange(errand->waiter, {}).resume();
      });
    });
  }
  Value await_resume() { return std::move(*errand_->value); }

 private:
  io::Worker& worker_;
  std::shared_ptr<Errand> errand_;
};

template <class F>
OnWorker<std::decay_t<F>> on_worker(io::Worker& worker, F&& function) {
  return {worker, std::forward<F>(function)};
}

}  // namespace weir::admin
