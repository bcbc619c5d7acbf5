// What a check's result or a command does to a server: its place in balancing, its waiters, its sessions, the log.
//
// Callable on any worker. The server's own lock is the backend's; messages go to the backend's log targets through the
// calling worker, sessions of a server marked down are ended by posts to all workers.
#pragma once

#include <string>
#include <string_view>

#include "check/health.h"
#include "proxy/state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

void apply_check_result(WorkerContext& worker, ServerState& server, const check::CheckResult& result);
void set_server_admin(WorkerContext& worker, ServerState& server, check::Admin flag, bool on);
void force_server_health(WorkerContext& worker, ServerState& server, check::State state);
/// A connection to the server was made, or was not. For servers with `observe`.
void observe_connection(WorkerContext& worker, ServerState& server, const ServerConfig& config, bool made);
/// The new weight of new sessions, 0 to 256.
void set_server_weight(ServerState& server, unsigned weight);
/// What the log is told, on the terminal of a process that keeps one: "[WARNING]  (pid) : text". Not when quiet.
void show_on_terminal(const ProcessState& process, int level, std::string_view text);
/// Ends every session on the server, on all workers.
void shut_sessions(ProcessState& process, const std::shared_ptr<ServerState>& server, EndedBy by);

/// Which of a server's two activities: its check or its agent's.
enum class CheckLine : std::uint8_t { health, agent };
/// Starts the server's checks on its worker, or stops them when `config` is null.
void start_checks(ProcessState& process, const std::shared_ptr<ServerState>& server,
                  std::shared_ptr<const check::CheckConfig> config, Milliseconds first_delay,
                  CheckLine which = CheckLine::health);

/// Stops both. Holds the server's lock.
void stop_checks(ProcessState& process, const std::shared_ptr<ServerState>& server);

}  // namespace weir::proxy
