#include "proxy/slow_start.h"

#include <algorithm>
#include <functional>

#include "proxy/health_events.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

// Raises the server's share until it is whole. Manual, slowstart: the weight grows with the checks; here by hundredths,
// so that an unchecked server grows too, and whoever waits for it is served in time.
io::Task<void> warm_server(WorkerContext& worker, std::shared_ptr<BackendState> backend,
                           std::shared_ptr<ServerState> server, Milliseconds step) {
  for (;;) {
    co_await io::sleep_for(*worker.io, step);
    const std::scoped_lock guard(backend->lock);
    backend->warm_up(worker.io->now());
    backend->serve_waiters();
    if (!server->warming_since) co_return;
  }
}

void start_slowly(WorkerContext& worker, ServerState& server) {
  const Milliseconds whole = server.config->slowstart;
  if (whole.count() == 0) return;
  const bool running = server.warming_since.has_value();
  server.backend.start_warming(server, worker.io->now());
  if (running || !server.warming_since) return;
  constexpr Milliseconds kShortest{10};
  constexpr Milliseconds kLongest{1000};
  const Milliseconds step = std::clamp(whole / 100, kShortest, kLongest);
  worker.activities.spawn(warm_server, std::ref(worker), server.backend.shared_from_this(), server.shared_from_this(),
                          step);
}

// Manual, on-marked-up: a server in full service calls the sessions of all backups home.
void end_backup_sessions(ProcessState& process, BackendState& backend, const ServerState& server) {
  if (!server.config->up_ends_backup_sessions || server.index == balance::kNoServer) return;
  const balance::ServerSlot& slot = backend.slots[server.index];
  if (slot.backup || !slot.usable()) return;
  for (const auto& other : backend.servers)
    if (other->config->backup) shut_sessions(process, other, EndedBy::backup_no_more);
}

}  // namespace

void server_came_back(WorkerContext& worker, ServerState& server, bool was_up) {
  if (was_up || !server.health.up() || server.health.in_maintenance()) return;
  start_slowly(worker, server);
  end_backup_sessions(*worker.process, server.backend, server);
}

}  // namespace weir::proxy
