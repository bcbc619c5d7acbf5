// A Task does nothing until it is awaited, so one that is made and forgotten must not compile.
// error: a Task does nothing until it is awaited
#include "io/task.h"

namespace {
weir::io::Task<void> greet() { co_return; }
weir::io::Task<void> caller() {
#ifdef MISUSE
  greet();
#else
  co_await greet();
#endif
  co_return;
}
}  // namespace

auto* keep = &caller;
