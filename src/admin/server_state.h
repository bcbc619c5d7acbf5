// `ready`, `drain`, `maint`: what the socket and the statistics page do to a server, each in the order that lets
// nothing slip between two flags. Management 9.3, set server state.
#pragma once

#include "proxy/health_events.h"

namespace weir::admin {

inline void make_ready(proxy::WorkerContext& worker, proxy::ServerState& server) {
  proxy::set_server_admin(worker, server, check::Admin::forced_maint, false);
  proxy::set_server_admin(worker, server, check::Admin::forced_drain, false);
}

// In this order a server in maintenance never takes a session on its way to draining.
inline void make_drain(proxy::WorkerContext& worker, proxy::ServerState& server) {
  proxy::set_server_admin(worker, server, check::Admin::forced_drain, true);
  proxy::set_server_admin(worker, server, check::Admin::forced_maint, false);
}

inline void make_maint(proxy::WorkerContext& worker, proxy::ServerState& server) {
  proxy::set_server_admin(worker, server, check::Admin::forced_maint, true);
  proxy::set_server_admin(worker, server, check::Admin::forced_drain, false);
}

}  // namespace weir::admin
