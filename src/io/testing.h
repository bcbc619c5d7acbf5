// For tests of any layer: drives a worker until a Task is done. Header only, so that no product code links it.
#pragma once

#include <optional>

#include "io/task.h"
#include "io/worker.h"

namespace weir::io::testing {

namespace detail {
template <class T>
Task<void> drive(Task<T>* task, std::optional<T>* result) {
  T value = co_await std::move(*task);
  result->emplace(std::move(value));
}
inline Task<void> drive_void(Task<void>* task, bool* done) {
  co_await std::move(*task);
  *done = true;
}
}  // namespace detail

/// `run(worker, check(address))`: the task's value. Turns wait up to `step_ms` each for events; gives up (assert) after
/// `turns`.
template <class T>
T run(Worker& worker, Task<T> task, int step_ms = 10, int turns = 3000) {
  Scope scope(worker.deferred());
  const auto finish = [&](const auto& done) {
    for (int i = 0; i < turns && !done(); ++i) worker.run_once(step_ms);
    const bool finished = done();
    scope.destroy_all();
    WEIR_ASSERT(finished && "the task did not finish");
  };
  if constexpr (std::is_void_v<T>) {
    bool done = false;
    scope.spawn(&detail::drive_void, &task, &done);
    finish([&] { return done; });
  } else {
    std::optional<T> result;
    scope.spawn(&detail::drive<T>, &task, &result);
    finish([&] { return result.has_value(); });
    return std::move(*result);
  }
}

}  // namespace weir::io::testing
