#include "io/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "io/stream.h"
#include "io/worker.h"

namespace weir::io {
namespace {

std::atomic<int> alive{0};

// Killed and not yet waited for: an end takes the kernel a moment, and nobody waits here.
std::mutex orphans_lock;
std::vector<pid_t> orphans;

void reap_orphans() {
  const std::scoped_lock guard(orphans_lock);
  std::erase_if(orphans, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

// What the child inherits: no signal blocked or ignored, no descriptor above stderr.
int spawn(pid_t& pid, const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  if (::posix_spawn_file_actions_init(&files) != 0) return ENOMEM;
  if (::posix_spawnattr_init(&attributes) != 0) {
    ::posix_spawn_file_actions_destroy(&files);
    return ENOMEM;
  }
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(&pid, arguments[0].c_str(), &files, &attributes, pointers(arguments).data(),
                                  pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace

IoResult<void> Child::start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  kill();
  reap_orphans();
  if (alive.load(std::memory_order_relaxed) >= kMostAtOnce)
    return unexpected(IoError::from_errno(EAGAIN, Side::internal));
  pid_t pid = -1;
  if (const int error = spawn(pid, arguments, environment); error != 0)
    return unexpected(IoError::from_errno(error, Side::internal));
  pid_ = pid;
  alive.fetch_add(1, std::memory_order_relaxed);
  handle_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (handle_.valid()) return {};
  const int error = errno;
  kill();
  return unexpected(IoError::from_errno(error, Side::internal));
}

Task<IoResult<ChildEnd>> Child::wait(TimePoint deadline) {
  siginfo_t info{};
  {
    Stream end(worker_, std::move(handle_));
    for (;;) {
      // Without WNOWAIT: a child that ended is gone with this.
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0)
        co_return unexpected(IoError::from_errno(errno, Side::internal));
      if (info.si_pid == pid_) break;
      const auto ready = co_await end.readable(deadline);
      if (!ready) {
        handle_ = end.release();
        co_return unexpected(ready.error());
      }
      end.clear_readable();
    }
  }
  pid_ = -1;
  alive.fetch_sub(1, std::memory_order_relaxed);
  co_return ChildEnd{.status = info.si_status, .by_signal = info.si_code != CLD_EXITED};
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  alive.fetch_sub(1, std::memory_order_relaxed);
  const std::scoped_lock guard(orphans_lock);
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) orphans.push_back(pid_);
  pid_ = -1;
  handle_ = Fd();
}

}  // namespace weir::io
