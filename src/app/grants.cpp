#include "app/grants.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace weir::app {
namespace {

std::optional<int> former_priority;

Result<void> set_priority(int value) {
  if (::setpriority(PRIO_PROCESS, 0, value) == 0) return {};
  return fail(fmt::format("priority {}: {}", value, std::strerror(errno)));
}

// Changing user takes the right to dump away; the limit may forbid it as well.
void settle_dumps(bool wanted) {
  (void)::prctl(PR_SET_DUMPABLE, wanted ? 1 : 0, 0, 0, 0);
  rlimit limit{};
  if (!wanted || ::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace

void begin_start(const proxy::GlobalConfig& global) {
  if (!global.nice_start) return;
  former_priority = ::getpriority(PRIO_PROCESS, 0);
  (void)set_priority(*global.nice_start);
}

Result<void> settle_grants(const proxy::GlobalConfig& global, std::uint32_t descriptors) {
  if (const auto value = global.nice_run ? global.nice_run : former_priority; value) {
    const auto set = set_priority(*value);
    if (!set && global.nice_run) return set;  // a former priority that may not come back is no reason to end
  }
  if (global.dumpable) settle_dumps(*global.dumpable);
  if (!global.insecure_setuid) (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (global.prealloc_fd && descriptors > 0) {
    const int highest = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(descriptors) - 1);
    if (highest >= 0) ::close(highest);
  }
  return {};
}

}  // namespace weir::app
