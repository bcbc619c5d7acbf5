// A Task is awaited in the expression that makes it; moving one away would let its reference parameters die first.
// error: deleted
#include "io/task.h"

#include <utility>

namespace {
weir::io::Task<int> answer() { co_return 42; }
weir::io::Task<void> caller() {
#ifdef MISUSE
  auto task = answer();
  auto moved = std::move(task);
  const int value = co_await std::move(moved);
#else
  const int value = co_await answer();
#endif
  static_cast<void>(value);
  co_return;
}
}  // namespace

auto* keep = &caller;
