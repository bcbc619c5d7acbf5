// A server that came back: it starts slowly, and it may call the sessions of backups home.
#pragma once

#include "proxy/state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

/// After a change of health; does nothing unless the server was out of service and is in service now. Holds the
/// backend's lock. Manual, slowstart, on-marked-up.
void server_came_back(WorkerContext& worker, ServerState& server, bool was_up);

}  // namespace weir::proxy
