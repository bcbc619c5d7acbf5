// Servers that track another: their state is the other's, maintenance and drain included, along chains.
//
// Who tracks whom is linked when a configuration is applied; a change of the tracked server is then handed on from
// server to server. Each server's state has its own backend's lock, and two locks are never held together: so that two
// changes of one server are handed on in the order they were made, one process-wide lock is taken first, the state is
// read again under it, and then each follower is changed. Changes of state are rare. Manual: track.
#pragma once

#include "proxy/plan.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

/// Links the plan's servers anew and brings the followers into their leaders' state without a word. Without any lock.
void link_followers(const Plan& plan);

/// `leader` has changed, or one of its followers did: tells all that follow it, however far. Without any lock.
void hand_on_health(WorkerContext& worker, ServerState& leader);

}  // namespace weir::proxy
