// A command in a process of its own, whose end is an event like any other.
//
// The child is spawned without copying us (posix_spawn), with no descriptor but stdin from /dev/null, stdout and
// stderr, in a process group of its own; a pidfd in the reactor tells when it ends, so nothing here blocks. Destroying
// a Child ends its whole group. How many may live at once is bounded. Manual: external-check.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/time.h"
#include "io/error.h"
#include "io/fd.h"
#include "io/task.h"

namespace weir::io {

class Worker;

/// How a command ended: an exit status, or by a signal.
struct ChildEnd {
  int status = 0;
  bool by_signal = false;
};

class Child {
 public:
  static constexpr int kMostAtOnce = 256;

  explicit Child(Worker& worker) : worker_(worker) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill(); }

  /// `arguments[0]` is the program's path; `environment` is "NAME=value".
  IoResult<void> start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment);
  /// Its end, or IoErrorKind::timeout, after which it still runs.
  Task<IoResult<ChildEnd>> wait(TimePoint deadline);
  /// Ends it and all it started.
  void kill();

 private:
  Worker& worker_;
  pid_t pid_ = -1;
  Fd handle_;
};

}  // namespace weir::io
