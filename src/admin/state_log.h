// What SIGHUP asks for: the state of every proxy and server, as lines of its own log and of the terminal.
#pragma once

#include "proxy/worker_context.h"

namespace weir::admin {

/// On the worker itself.
void log_state(proxy::WorkerContext& worker);

}  // namespace weir::admin
