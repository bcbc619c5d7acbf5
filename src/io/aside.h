// What blocks is done aside: on one thread of its own, while the coroutine that wants it waits on its worker.
//
// For what has no other way than to block or to take long (the C library's look-up of a name, a file through the
// opener, the making of a large list). One after the other, in order, and only so many may wait: who comes when the
// line is full is told at once. Who no longer wants an answer, because its deadline passed or its coroutine was
// destroyed, gets none; what has not begun then is not begun. The thread starts with the first errand. Destroy it
// before the workers that ask; any of them may.
#pragma once

#include <atomic>
#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/time.h"
#include "io/task.h"
#include "io/timer.h"

namespace weir::io {

class Worker;

class Aside {
 public:
  /// What becomes of the errand that runs when the Aside ends. `leave` is for what may block for long and touches
  /// nothing of ours: its thread then ends by itself, or with the process.
  enum class AtEnd : std::uint8_t { wait, leave };

  Aside(std::string name, AtEnd at_end, std::size_t most_waiting = 64);
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside();

  /// What `function` returns. Nothing: the deadline passed, or the line is full. The function owns what it needs.
  template <std::invocable F>
  Task<std::optional<std::invoke_result_t<F&>>> run(Worker& worker, F function, TimePoint deadline);

 private:
  struct Errand {
    virtual ~Errand() = default;
    virtual void act() = 0;
    Worker* worker = nullptr;
    std::atomic<bool> wanted{true};
    // On the worker's thread.
    std::coroutine_handle<> waiter;
    bool done = false;
  };
  template <class F>
  struct Work final : Errand {
    explicit Work(F what) : function(std::move(what)) {}
    void act() override { result.emplace(function()); }
    F function;
    std::optional<std::invoke_result_t<F&>> result;
  };
  class [[nodiscard]] Waiting {
   public:
    Waiting(Errand& errand, TimePoint deadline) : errand_(errand), deadline_(deadline) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting();
    [[nodiscard]] static bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    static void await_resume() {}

   private:
    static void expired(void* waiting);
    Errand& errand_;
    TimePoint deadline_;
    Timer timer_;
  };
  struct Line;
  bool take(std::shared_ptr<Errand> errand);
  static void serve(const std::shared_ptr<Line>& line);

  const AtEnd at_end_;
  std::shared_ptr<Line> line_;  // the thread's too
  std::thread thread_;
};

template <std::invocable F>
Task<std::optional<std::invoke_result_t<F&>>> Aside::run(Worker& worker, F function, TimePoint deadline) {
  const auto errand = std::make_shared<Work<F>>(std::move(function));
  errand->worker = &worker;
  if (!take(errand)) co_return std::nullopt;
  co_await Waiting(*errand, deadline);
  if (!errand->done) co_return std::nullopt;
  co_return std::move(errand->result);
}

}  // namespace weir::io
