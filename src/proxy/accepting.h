// Accepting connections within the limits: maxconn of the listener, the frontend and the process.
//
// A listener that reached a limit pauses: further clients wait in the kernel's backlog. The session that brings the
// count below the limit wakes the paused listeners of all workers. Two workers may take a connection in the same
// instant with room for one: the second parks its connection, unserved and uncounted, until there is room.
#pragma once

#include <memory>

#include "proxy/listener.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

/// The acceptor's callback; `listener` is a WorkerListener.
void on_connection(void* listener, io::Fd connection, const SocketAddress& peer);

/// A session of this frontend and listener has ended on this worker.
void connection_closed(WorkerContext& worker, FrontendState& frontend, ListenerState& listener);

/// The address is no longer served: takes who already waits there, then closes it.
void drop_listener(WorkerContext& worker, std::unique_ptr<WorkerListener> listener);

/// Opens what is parked and resumes acceptors where there is room again. On the worker itself.
void resume_listeners(WorkerContext& worker);

}  // namespace weir::proxy
