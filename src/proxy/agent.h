// What an agent's answer does to its server: weight, limit, administrative mode, up or down, in this order.
//
// Callable on any worker, without locks. Manual: agent-check; (management) set server agent, disable agent.
#pragma once

#include "check/status.h"
#include "proxy/state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

/// The check config that asks this agent; null when there is none.
std::shared_ptr<const check::CheckConfig> agent_check(const ServerState& server);

/// `result` carries the agent's line while its status is `checked`, or why there is none.
void apply_agent_answer(WorkerContext& worker, ServerState& server, const check::CheckResult& result);
void force_server_agent(WorkerContext& worker, ServerState& server, bool up);
/// `disable agent`, `enable agent`.
void pause_agent(ServerState& server, bool paused);
/// Another address, port or text to send; the agent is asked anew.
void change_agent(ProcessState& process, ServerState& server, const AgentSettings& settings);

}  // namespace weir::proxy
