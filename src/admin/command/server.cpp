// Commands on servers: state, health, weight, address, limit, checks, and ending their sessions.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "admin/weight.h"
#include "base/units.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

// The server the first word names; the reason why not has been answered.
bool chosen(Call& call, NamedServer& server) {
  auto named = named_server(*call.worker.plan, call.word(0));
  if (!named) {
    call.out.text += named.error().message;
    return false;
  }
  server = std::move(*named);
  return true;
}

void set_state(Call& call, const NamedServer& named, std::string_view wanted) {
  using check::Admin;
  proxy::ServerState& server = *named.server;
  if (wanted == "ready") {
    proxy::set_server_admin(call.worker, server, Admin::forced_maint, false);
    proxy::set_server_admin(call.worker, server, Admin::forced_drain, false);
  } else if (wanted == "drain") {
    // In this order a server in maintenance never takes a session on its way to draining.
    proxy::set_server_admin(call.worker, server, Admin::forced_drain, true);
    proxy::set_server_admin(call.worker, server, Admin::forced_maint, false);
  } else if (wanted == "maint") {
    proxy::set_server_admin(call.worker, server, Admin::forced_drain, false);
    proxy::set_server_admin(call.worker, server, Admin::forced_maint, true);
  } else {
    call.out.text += "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
  }
}

void set_health(Call& call, const NamedServer& named, std::string_view wanted) {
  if (wanted == "up") {
    proxy::force_server_health(call.worker, *named.server, check::State::running);
  } else if (wanted == "stopping") {
    proxy::force_server_health(call.worker, *named.server, check::State::stopping);
  } else if (wanted == "down") {
    proxy::force_server_health(call.worker, *named.server, check::State::stopped);
  } else {
    call.out.text += "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n";
  }
}

void set_weight(Call& call, const NamedServer& named, std::string_view wanted) {
  unsigned initial = 0;
  bool fixed = false;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    initial = named.server->config->weight;
    fixed = named.backend->state->picker->fixed_weights();
  }
  const auto weight = parse_weight(wanted, initial);
  if (!weight) {
    call.out.text += weight.error().message;
    return;
  }
  // Manual, set weight: a static algorithm knows the configured weight and none.
  if (fixed && *weight != 0 && *weight != initial) {
    call.out.text += "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n";
    return;
  }
  proxy::set_server_weight(*named.server, *weight);
}

void say(Call& call, const proxy::BackendPlan& backend, const std::string& message) {
  call.worker.emit(backend.log, {.level = log::Level::notice, .message = message});
  if (!call.worker.process->quiet) std::fprintf(stderr, "%s\n", message.c_str());
}

// What was changed, in words; `changed` says whether anything was.
std::string change_address(SocketAddress& place, SocketAddress wanted, bool with_port, std::uint16_t port,
                           bool& changed) {
  std::string text;
  const std::uint16_t old_port = place.port();
  if (place.host() != wanted.host()) {
    text = fmt::format("IP changed from '{}' to '{}'", place.host(), wanted.host());
    changed = true;
  } else {
    text = "no need to change the addr";
  }
  if (with_port && port != old_port) {
    text += fmt::format(", port changed from '{}' to '{}'", old_port, port);
    changed = true;
  } else if (with_port) {
    text += ", no need to change the port";
  }
  wanted.set_port(with_port ? port : old_port);
  place = wanted;
  return text;
}

void set_address(Call& call, const NamedServer& named) {
  const std::string_view host = call.word(2);
  if (host.empty()) {
    call.out.text += "set server <b>/<s> addr requires an address and optionally a port.\n";
    return;
  }
  const bool naked_ipv6 = host.find(':') != host.npos && !host.starts_with('[');
  const auto parsed = parse_address(naked_ipv6 ? fmt::format("[{}]", host) : std::string(host));
  if (!parsed || !parsed->address.is_inet() || !parsed->host.empty() || parsed->has_port) {
    fmt::format_to(std::back_inserter(call.out.text), "Invalid addr '{}' by 'stats socket command'\n", host);
    return;
  }
  const bool with_port = call.word(3) == "port";
  const auto port = with_port ? parse_integer(call.word(4), 0, 65535) : Result<std::int64_t>(0);
  if (!port) {
    fmt::format_to(std::back_inserter(call.out.text),
                   "The port must be a number from 0 to 65535, not '{}'; nothing was changed\n", call.word(4));
    return;
  }
  bool changed = false;
  std::string text;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    text =
        change_address(named.server->address, parsed->address, with_port, static_cast<std::uint16_t>(*port), changed);
    if (changed) named.server->runtime_address = true;
  }
  text += " by 'stats socket command'";
  call.out.text += text + '\n';
  if (changed)
    say(call, *named.backend, fmt::format("{}/{} {}", named.backend->config->name, named.server->name, text));
}

void set_server(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  const std::string_view what = call.word(1);
  if (what == "state") return set_state(call, named, call.word(2));
  if (what == "health") return set_health(call, named, call.word(2));
  if (what == "weight") return set_weight(call, named, call.word(2));
  if (what == "addr") return set_address(call, named);
  // Manual, agent-check: an extra check of its own kind; no server here has one.
  if (what == "agent") {
    call.out.text += "agent checks are not enabled on this server.\n";
    return;
  }
  call.out.text += "usage: set server <backend>/<server> addr | health | state | weight\n";
}

void set_weight_command(Call& call) {
  NamedServer named;
  if (chosen(call, named)) set_weight(call, named, call.word(1));
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
  if (down) proxy::force_server_health(call.worker, *named.server, check::State::running);
}

void enable_health(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  const std::scoped_lock guard(named.backend->state->lock);
  if (!named.server->health.checked()) {
    call.out.text += "Health check was not configured on this server, cannot enable.\n";
    return;
  }
  named.server->checks_paused = false;
}

void set_server_maxconn(Call& call) {
  NamedServer named;
  if (!chosen(call, named)) return;
  if (call.word(1).empty()) {
    call.out.text += "Require <maxconn>.\n";
    return;
  }
  const auto wanted = parse_integer(call.word(1), 0, 0x7fffffff);
  if (!wanted) {
    call.out.text += "maxconn string empty or preceded by garbage";
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
    {.name = "set server",
     .level = Level::admin,
     .usage = "set server <bk>/<srv> [opts]",
     .answer = set_server,
     .doc = "a server's state, health, weight or address"},
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
