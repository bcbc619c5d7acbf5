#include "admin/state_log.h"

#include <fmt/format.h>

#include <cstdio>

#include "admin/lookup.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

void say(proxy::WorkerContext& worker, const proxy::LogPlan& log, const std::string& message) {
  worker.emit(log, {.level = log::Level::notice, .message = message});
  if (!worker.process->quiet) std::fprintf(stderr, "%s\n", message.c_str());
}

struct Totals {
  std::uint64_t front_now = 0, back_now = 0, waiting = 0, unassigned = 0, front_all = 0, back_all = 0;
};

std::string connections(const Totals& totals) {
  return fmt::format("Conn: act(FE+BE): {}+{}, {} pend ({} unass), tot(FE+BE): {}+{}.", totals.front_now,
                     totals.back_now, totals.waiting, totals.unassigned, totals.front_all, totals.back_all);
}

std::string availability(const std::string& name, const proxy::BackendState& backend) {
  const proxy::BackendState::Live live = backend.live_servers();
  if (backend.servers.empty()) return fmt::format("SIGHUP: Proxy {} has no servers.", name);
  if (live.active + live.backup == 0) return fmt::format("SIGHUP: Proxy {} has no server available !", name);
  return fmt::format("SIGHUP: Proxy {} has {} active servers and {} backup servers available.", name, live.active,
                     live.backup);
}

}  // namespace

void log_state(proxy::WorkerContext& worker) {
  if (!worker.plan) return;
  for (const proxy::ProxyPlan& proxy : worker.plan->proxies) {
    const std::string& name = proxy.name();
    const proxy::LogPlan& log = proxy.frontend ? proxy.frontend->log : proxy.backend->log;
    say(worker, log, fmt::format("SIGHUP received, dumping servers states for proxy {}.", name));
    Totals totals;
    std::string state = fmt::format("SIGHUP: Proxy {} has no servers.", name);
    if (proxy.frontend) {
      totals.front_now = proxy.frontend->state->sessions.value();
      totals.front_all = proxy.frontend->state->counters.sum(&proxy::FrontendCounters::connections);
    }
    if (proxy.backend) {
      const proxy::BackendState& backend = *proxy.backend->state;
      std::vector<std::string> lines;
      {
        const std::scoped_lock guard(backend.lock);
        for (const auto& server : backend.servers)
          lines.push_back(fmt::format("SIGHUP: Server {}/{} is {}. Conn: {} act, {} pend, {} tot.", name, server->name,
                                      server->health.up() ? "UP" : "DOWN", server->sessions.value(),
                                      server->queued.value(), server->counters.sum(&proxy::ServerCounters::sessions)));
        state = availability(name, backend);
        totals.waiting = backend.queued.value();
        totals.unassigned = backend.line.size();
      }
      totals.back_now = backend.sessions.value();
      totals.back_all = backend.counters.sum(&proxy::BackendCounters::sessions);
      for (const std::string& line : lines) say(worker, log, line);
    }
    say(worker, log, state + ' ' + connections(totals));
  }
}

}  // namespace weir::admin
