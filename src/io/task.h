// Task<T>: an activity written as a coroutine. Scope: the only way to let one run by itself.
//
// A Task is lazy and immovable: it is awaited in the expression that makes it, so reference parameters outlive it.
// Errors are values; a thrown exception ends the process. Finishing continues the awaiter by symmetric transfer: no
// stack grows. Cancellation destroys the root frame, which destroys what it awaits, inside out; clean-up is RAII. A
// frame is never destroyed while it runs: cancel() queues it and the worker does it between events.
//
//   Task<void> greet(Stream& s) { const auto sent = co_await s.write_all("hi\n", deadline); ... }
//   scope.spawn(serve, std::move(fd), config);     // a function and values; never a capturing lambda
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "io/defer.h"
#include "io/slab.h"

namespace weir::io {

template <class T>
class Task;

namespace detail {

struct FramePromise {
  static void* operator new(std::size_t size) { return FrameSlab::allocate_local(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { FrameSlab::release_local(frame, size); }
  [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }
};

struct TaskPromiseBase : FramePromise {
  std::coroutine_handle<> awaiter;
  static std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    static bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().awaiter;
    }
    static void await_resume() noexcept {}
  };
  static Final final_suspend() noexcept { return {}; }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  static void return_void() noexcept {}
  static void take() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard("a Task does nothing until it is awaited")]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> frame;
      static bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
        frame.promise().awaiter = awaiter;
        return frame;
      }
      T await_resume() { return frame.promise().take(); }
    };
    return Awaiter{frame_};
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace detail

/// Names a spawned activity within its scope; 0 names none. Never reused.
using ActivityId = std::uint64_t;

/// Holds running activities. Whoever owns a Scope outlives what runs in it: the destructor asserts that it is empty.
class Scope {
 public:
  /// Cancellations are queued there: worker.deferred().
  explicit Scope(DeferQueue& deferred) : deferred_(deferred) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { WEIR_ASSERT(empty()); }

  /// Calls `function(values...)`, which returns a Task<void>, and runs it to its first wait before returning. The
  /// values live in the activity's own frame, so the function may take them by reference.
  template <class... P, class... V>
  ActivityId spawn(Task<void> (*function)(P...), V&&... values) {
    static_assert(std::is_invocable_v<Task<void> (*)(P...), std::decay_t<V>&...> ||
                      std::is_invocable_v<Task<void> (*)(P...), std::decay_t<V>&&...>,
                  "the activity's own copies must fit the function's parameters");
    Root root = start(function, std::decay_t<V>(std::forward<V>(values))...);
    return launch(root);
  }

  /// Queues the destruction of one activity, or of all that run now. They end before the worker waits for events again.
  void cancel(ActivityId id);
  void cancel_all();
  /// Destroys all at once. Only where no activity of this scope can be on the stack: a worker's shutdown, a test.
  void destroy_all();

  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Called between events once the scope has become empty (and is still empty then).
  void when_empty(DeferredFunction function, void* object) {
    on_empty_ = function;
    on_empty_object_ = object;
    if (empty()) deferred_.push(emptied_);
  }

 private:
  struct Promise;
  struct Root {
    using promise_type = Promise;
    std::coroutine_handle<Promise> frame;
  };
  struct Promise : detail::FramePromise {
    Scope* scope = nullptr;
    Promise* next = nullptr;
    Promise* previous = nullptr;
    ActivityId id = 0;
    bool cancelled = false;
    ~Promise() {
      if (scope != nullptr) scope->unlink(*this);
    }
    Root get_return_object() noexcept { return Root{std::coroutine_handle<Promise>::from_promise(*this)}; }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
  };

  template <class F, class... V>
  static Root start(F function, V... values) {
    if constexpr (std::is_invocable_v<F, V&&...>) {
      co_await function(std::move(values)...);
    } else {
      co_await function(values...);
    }
  }
  ActivityId launch(Root root);
  void unlink(Promise& activity);
  static void sweep(void* scope);
  static void emptied(void* scope);

  DeferQueue& deferred_;
  Promise* first_ = nullptr;
  std::size_t size_ = 0;
  ActivityId last_id_ = 0;
  Deferred sweep_{&Scope::sweep, this};
  Deferred emptied_{&Scope::emptied, this};
  DeferredFunction on_empty_ = nullptr;
  void* on_empty_object_ = nullptr;
};

}  // namespace weir::io
