#include "proxy/placement.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>

#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

// What the process was started with: the control thread keeps it.
cpu_set_t own_set() {
  cpu_set_t set;
  CPU_ZERO(&set);
  (void)::sched_getaffinity(0, sizeof set, &set);
  return set;
}

cpu_set_t set_of(const std::vector<unsigned>& cpus, const cpu_set_t& otherwise) {
  if (cpus.empty()) return otherwise;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &set);
  return set;
}

}  // namespace

Result<void> check_places(const GlobalConfig& global) {
  for (std::size_t thread = 0; thread < global.cpus.size(); thread++) {
    const auto& cpus = global.cpus[thread];
    if (cpus.empty()) continue;
    // A thread may leave the set that its process was started with; only the machine has the last word.
    cpu_set_t before = own_set();
    const cpu_set_t wanted = set_of(cpus, before);
    const bool possible = ::sched_setaffinity(0, sizeof wanted, &wanted) == 0;
    (void)::sched_setaffinity(0, sizeof before, &before);
    if (!possible) return fail(fmt::format("cpu-map: thread {} may run on no CPU of this machine", thread + 1));
  }
  return {};
}

void place_workers(ProcessState& process, const std::vector<std::vector<unsigned>>& cpus) {
  if (cpus.empty() && !process.placed) return;
  process.placed = !cpus.empty();
  const cpu_set_t own = own_set();
  for (const auto& context : process.contexts) {
    const std::size_t id = context->id();
    const cpu_set_t set = set_of(id < cpus.size() ? cpus[id] : std::vector<unsigned>(), own);
    context->io->post([set] { (void)::sched_setaffinity(0, sizeof set, &set); });
  }
}

}  // namespace weir::proxy
