#include "proxy/agent.h"

#include <fmt/format.h>

#include <algorithm>

#include "balance/server_slot.h"
#include "base/units.h"
#include "check/agent.h"
#include "proxy/health_change.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"

namespace weir::proxy {
namespace {

using check::AgentAnswer;

// "75%" of the weight in the file, or "30". The error is a sentence.
Result<unsigned> agent_weight(std::string_view text, unsigned initial) {
  const bool relative = text.ends_with('%');
  if (relative) text.remove_suffix(1);
  const auto number = parse_integer(text, 0, INT32_MAX);
  if (!number) return fail("weight string empty or preceded by garbage");
  constexpr std::int64_t kMost = balance::kMaxWeight;
  if (relative) return static_cast<unsigned>(std::min<std::int64_t>(kMost, *number * initial / 100));
  if (*number > kMost) return fail("Absolute weight can only be between 0 and 256 inclusive.");
  return static_cast<unsigned>(*number);
}

// Weight and limit. Holds the lock. What could not be done, in words.
std::string apply_numbers(ServerState& server, const AgentAnswer& answer) {
  std::string warning;
  if (!answer.weight.empty()) {
    if (const auto weight = agent_weight(answer.weight, server.config->weight))
      server.runtime_weight = *weight;
    else
      warning = weight.error().message;
  }
  if (answer.has_maxconn) {
    if (const auto most = parse_integer(answer.maxconn, 0, INT32_MAX))
      server.runtime_maxconn = static_cast<std::uint32_t>(*most);
    else
      warning = "maxconn string empty or preceded by garbage";
  }
  if (answer.weight.empty() && !answer.has_maxconn) return warning;
  server.backend.refresh_slot(server);
  server.backend.serve_waiters();
  return warning;
}

void apply_mode(WorkerContext& worker, ServerState& server, AgentAnswer::Mode mode) {
  using check::Admin;
  const auto set = [&](Admin flag, bool on) {
    {
      const std::scoped_lock guard(server.backend.lock);
      if (server.health.has(flag) == on) return;
    }
    set_server_admin(worker, server, flag, on);
  };
  switch (mode) {
    case AgentAnswer::Mode::unchanged: return;
    case AgentAnswer::Mode::ready:
      set(Admin::forced_maint, false);
      set(Admin::forced_drain, false);
      return;
    case AgentAnswer::Mode::drain:
      set(Admin::forced_drain, true);
      set(Admin::forced_maint, false);
      return;
    case AgentAnswer::Mode::maint:
      set(Admin::forced_maint, true);
      set(Admin::forced_drain, false);
      return;
  }
}

// What the statistics show of an answer.
check::CheckResult shown(const AgentAnswer& answer, const std::string& warning, Milliseconds duration) {
  check::CheckResult result{.status = check::Status::checked, .duration = duration};
  if (answer.says != AgentAnswer::Says::nothing) {
    result.status = answer.says == AgentAnswer::Says::up ? check::Status::l7ok : check::Status::l7sts;
    result.code = 0;
    result.info = check::printable(check::describe(answer));
  } else if (!answer.unknown.empty()) {
    result.info = check::printable(fmt::format("agent reports an error : {}", answer.unknown));
  } else if (!warning.empty()) {
    result.info = fmt::format("agent warns : {}", warning);
  }
  return result;
}

void apply_state(WorkerContext& worker, ServerState& server, const check::CheckResult& result) {
  HealthChange change(worker, server);
  server.agent_running = false;
  const check::Change moved = server.health.apply_agent(result);
  if (moved.counts_as_down) server.check_downs++;
  const bool logged = moved.log_check && change.logs_checks();
  if (logged) change.tell(check::agent_notice(change.name(), result, server.health));
  if (moved.transition != check::Transition::none) {
    const check::Remaining left = change.settle();
    change.tell(check::transition_notice(change.name(), moved.transition, logged ? nullptr : &result, left));
    if (moved.transition == check::Transition::down) change.marked_down();
  }
  change.finish();
}

}  // namespace

std::shared_ptr<const check::CheckConfig> agent_check(const ServerState& server) {
  if (!server.agent.enabled) return nullptr;
  auto config = std::make_shared<check::CheckConfig>();
  config->kind = check::Kind::agent;
  config->inter = server.agent.inter;
  config->check_timeout = server.config->check.check_timeout;
  config->connect_timeout = server.config->check.connect_timeout;
  config->address = server.agent.address;
  config->port = server.agent.port;
  config->connect = server.config->check.connect;
  config->probe.agent_send = server.agent.send;
  return config;
}

void apply_agent_answer(WorkerContext& worker, ServerState& server, const check::CheckResult& result) {
  if (result.status != check::Status::checked) return apply_state(worker, server, result);
  const AgentAnswer answer = check::parse_agent_answer(result.info);
  std::string warning;
  {
    const std::scoped_lock guard(server.backend.lock);
    warning = apply_numbers(server, answer);
  }
  apply_mode(worker, server, answer.mode);
  apply_state(worker, server, shown(answer, warning, result.duration));
}

void force_server_agent(WorkerContext& worker, ServerState& server, bool up) {
  HealthChange change(worker, server);
  const check::Change moved = server.health.force_agent(up);
  if (moved.counts_as_down) server.check_downs++;
  const check::Remaining left = change.settle();
  if (moved.transition != check::Transition::none)
    change.tell(check::forced_notice(change.name(), moved.transition, left));
  if (moved.transition == check::Transition::down) change.marked_down();
  change.finish();
}

void pause_agent(ServerState& server, bool paused) {
  const std::scoped_lock guard(server.backend.lock);
  if (!server.agent.enabled) return;
  server.agent_paused = paused;
  server.health.enable_agent(!paused);
}

void change_agent(ProcessState& process, ServerState& server, const AgentSettings& settings) {
  std::shared_ptr<const check::CheckConfig> config;
  {
    const std::scoped_lock guard(server.backend.lock);
    server.agent = settings;
    config = server.agent_with = agent_check(server);
  }
  start_checks(process, server.shared_from_this(), config, Milliseconds(0), CheckLine::agent);
}

}  // namespace weir::proxy
