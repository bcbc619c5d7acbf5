#include "app/privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace weir::app {
namespace {

// What the process needs besides two descriptors per connection: listeners, logs, epoll sets, checks, the runtime
// socket.
constexpr std::uint32_t kReserved = 200;
// Beyond this a huge hard limit says nothing about what the host can bear.
constexpr std::uint32_t kMostDescriptors = 1U << 20;

Error system_error(std::string_view what) { return {fmt::format("{}: {}", what, std::strerror(errno))}; }

Result<std::optional<gid_t>> group_of(const proxy::GlobalConfig& global) {
  if (global.gid) return std::optional<gid_t>(*global.gid);
  if (global.group.empty()) return std::optional<gid_t>();
  const group* found = ::getgrnam(global.group.c_str());
  if (found == nullptr) return fail(fmt::format("there is no group '{}'", global.group));
  return std::optional<gid_t>(found->gr_gid);
}

Result<std::optional<uid_t>> user_of(const proxy::GlobalConfig& global) {
  if (global.uid) return std::optional<uid_t>(*global.uid);
  if (global.user.empty()) return std::optional<uid_t>();
  const passwd* found = ::getpwnam(global.user.c_str());
  if (found == nullptr) return fail(fmt::format("there is no user '{}'", global.user));
  return std::optional<uid_t>(found->pw_uid);
}

}  // namespace

Result<std::uint32_t> settle_descriptors(proxy::GlobalConfig& global) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return unexpected(system_error("descriptor limit"));
  rlim_t wanted = std::min<rlim_t>(limit.rlim_max, kMostDescriptors);
  if (global.fd_hard_limit != 0) {
    wanted = std::min<rlim_t>(wanted, global.fd_hard_limit);
    limit.rlim_cur = std::min(limit.rlim_cur, wanted);  // what was granted before is more than is wanted
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (global.maxconn != 0) wanted = std::max<rlim_t>(limit.rlim_cur, rlim_t{global.maxconn} * 2 + kReserved);
  if (global.ulimit_n != 0) wanted = global.ulimit_n;
  rlimit next = limit;
  next.rlim_cur = wanted;
  next.rlim_max = std::max(limit.rlim_max, wanted);
  if (wanted > limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &next) != 0) {
    if (global.strict_limits)
      return fail(
          fmt::format("maxconn {} needs {} file descriptors, the limit is {}", global.maxconn, wanted, limit.rlim_max));
    next.rlim_cur = next.rlim_max = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &next);
    wanted = limit.rlim_max;
  }
  wanted = std::max(wanted, limit.rlim_cur);
  if (global.maxconn == 0)
    global.maxconn = static_cast<std::uint32_t>(wanted > 2 * kReserved ? (wanted - kReserved) / 2 : wanted / 4 + 1);
  return static_cast<std::uint32_t>(std::min<rlim_t>(wanted, 0xffffffffU));
}

Result<void> drop_privileges(const proxy::GlobalConfig& global) {
  const auto group = group_of(global);
  if (!group) return unexpected(group.error());
  const auto user = user_of(global);
  if (!user) return unexpected(user.error());
  if (!global.chroot.empty() && (::chroot(global.chroot.c_str()) != 0 || ::chdir("/") != 0))
    return unexpected(system_error(fmt::format("chroot '{}'", global.chroot)));
  if (*group) {
    if (::geteuid() == 0 && ::setgroups(0, nullptr) != 0) return unexpected(system_error("setgroups"));
    if (::setgid(**group) != 0) return unexpected(system_error(fmt::format("group {}", **group)));
  }
  if (*user && ::setuid(**user) != 0) return unexpected(system_error(fmt::format("user {}", **user)));
  return {};
}

Result<void> write_pidfile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return unexpected(system_error(fmt::format("pidfile '{}'", path)));
  const std::string text = fmt::format("{}\n", ::getpid());
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!written) return fail(fmt::format("pidfile '{}' could not be written", path));
  return {};
}

Result<void> Background::enter() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return unexpected(system_error("pipe"));
  const pid_t child = ::fork();
  if (child < 0) return unexpected(system_error("fork"));
  if (child != 0) {
    ::close(ends[1]);
    char word = 0;
    ssize_t got = 0;
    do got = ::read(ends[0], &word, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1) std::_Exit(0);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::_Exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
  }
  ::close(ends[0]);
  ::setsid();
  null_ = ::open("/dev/null", O_RDWR | O_CLOEXEC);  // a chroot will have none
  report_ = ends[1];
  return {};
}

void Background::ready(bool keep_output) {
  if (report_ < 0) return;
  if (!keep_output) {
    for (int fd = 0; fd <= 2 && null_ >= 0; fd++) ::dup2(null_, fd);
    if (null_ > 2) ::close(null_);
  }
  const char word = 'r';
  [[maybe_unused]] const ssize_t sent = ::write(report_, &word, 1);
  ::close(report_);
  report_ = -1;
}

}  // namespace weir::app
