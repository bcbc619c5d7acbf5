// Commands on servers, each with its own words: maintenance, checks, weight, limit, and ending their sessions.
#include <fmt/format.h>

#include <mutex>

#include "admin/command/change_weight.h"
#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "admin/weight.h"
#include "base/units.h"
#include "proxy/agent.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"
#include "proxy/tracking.h"

namespace weir::admin {

void change_weight(Call& call, const NamedServer& named, std::string_view wanted) {
  unsigned initial = 0;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    initial = named.server->config->weight;
  }
  const auto weight = parse_weight(wanted, initial);
  if (!weight) return call.error(weight.error().message);
  // Management 9.3, set weight: a map of weights is drawn once; a server is in it as it was written, or not at all.
  if (*weight != 0 && *weight != initial && has_fixed_weights(*named.backend))
    return call.error("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n");
  proxy::set_server_weight(*named.server, *weight);
}

namespace {

// The server the first word names; the reason why not has been answered.
bool chosen(Call& call, NamedServer& server) {
  auto named = named_server(*call.worker.plan, call.word(0));
  if (!named) {
    call.error(named.error().message);
    return false;
  }
  server = std::move(*named);
  return true;
}

void set_weight_command(Call& call) {
  NamedServer named;
  if (chosen(call, named)) change_weight(call, named, call.word(1));
}

void get_weight(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  const std::scoped_lock guard(named.backend->state->lock);
  const unsigned initial = named.server->config->weight;
  call.out.text += fmt::format("{} (initial {})\n", named.server->runtime_weight.value_or(initial), initial);
}

void enable_server(Call& call) {
  NamedServer named;
  if (chosen(call, named)) proxy::set_server_admin(call.worker, *named.server, check::Admin::forced_maint, false);
}

void disable_server(Call& call) {
  NamedServer named;
  if (chosen(call, named)) proxy::set_server_admin(call.worker, *named.server, check::Admin::forced_maint, true);
}

// Unchecked is up: what the checks said is forgotten with them.
void disable_health(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  bool down = false;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    if (named.server->health.checked()) named.server->checks_paused = true;
    down = named.server->checks_paused && !named.server->health.up();
  }
  if (down)
    proxy::force_server_health(call.worker, *named.server, check::State::running);
  else
    proxy::hand_on_health(call.worker, *named.server);  // "no check" is what followers show then
}

void enable_health(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  const std::scoped_lock guard(named.backend->state->lock);
  if (!named.server->health.checked()) {
    call.error("Health check was not configured on this server, cannot enable.\n");
    return;
  }
  named.server->checks_paused = false;
}

void disable_agent(Call& call) {
  NamedServer named;
  if (chosen(call, named)) proxy::pause_agent(*named.server, true);
}

void enable_agent(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  const bool there = [&] {
    const std::scoped_lock guard(named.backend->state->lock);
    return named.server->agent.enabled;
  }();
  if (there)
    proxy::pause_agent(*named.server, false);
  else
    call.error("Agent was not configured on this server, cannot enable.\n");
}

void set_server_maxconn(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  if (call.word(1).empty()) {
    call.error("Require <maxconn>.\n");
    return;
  }
  const auto wanted = parse_integer(call.word(1), 0, 0x7fffffff);
  if (!wanted) {
    call.error("maxconn string empty or preceded by garbage");
    return;
  }
  const std::scoped_lock guard(named.backend->state->lock);
  named.server->runtime_maxconn = static_cast<std::uint32_t>(*wanted);
  named.backend->state->refresh_slot(*named.server);
  named.backend->state->serve_waiters();
}

void shutdown_sessions(Call& call) {
  NamedServer named;
  if (chosen(call, named)) proxy::shut_sessions(*call.worker.process, named.server, proxy::EndedBy::admin);
}

constexpr CliCommand kRows[] = {
    {.name = "disable agent",
     .level = Level::admin,
     .usage = "disable agent <bk>/<srv>",
     .answer = disable_agent,
     .doc = "pause a server's agent checks"},
    {.name = "disable health",
     .level = Level::admin,
     .usage = "disable health <bk>/<srv>",
     .answer = disable_health,
     .doc = "pause a server's checks; it counts as up"},
    {.name = "disable server",
     .level = Level::admin,
     .usage = "disable server <bk>/<srv>",
     .answer = disable_server,
     .doc = "take a server out for maintenance"},
    {.name = "enable agent",
     .level = Level::admin,
     .usage = "enable agent <bk>/<srv>",
     .answer = enable_agent,
     .doc = "resume a server's agent checks"},
    {.name = "enable health",
     .level = Level::admin,
     .usage = "enable health <bk>/<srv>",
     .answer = enable_health,
     .doc = "resume a server's checks"},
    {.name = "enable server",
     .level = Level::admin,
     .usage = "enable server <bk>/<srv>",
     .answer = enable_server,
     .doc = "end a server's maintenance"},
    {.name = "get weight",
     .usage = "get weight <bk>/<srv>",
     .answer = get_weight,
     .doc = "a server's weight, and the one the file gave"},
    {.name = "set maxconn server",
     .level = Level::admin,
     .usage = "set maxconn server <bk>/<srv> <value>",
     .answer = set_server_maxconn,
     .doc = "most sessions of a server"},
    {.name = "set weight",
     .level = Level::admin,
     .usage = "set weight <bk>/<srv> <weight>[%]",
     .answer = set_weight_command,
     .doc = "a server's weight"},
    {.name = "shutdown sessions server",
     .level = Level::admin,
     .usage = "shutdown sessions server <bk>/<srv>",
     .answer = shutdown_sessions,
     .doc = "end all sessions on a server"},
};

}  // namespace

constinit const std::span<const CliCommand> server_commands{kRows};

}  // namespace weir::admin
