// `set server`: one thing about one server: state, health, weight, address, checks.
//
// What is changed here lasts until the process ends or a reload finds that the file changed it; checks go on with what
// a reload finds in the file. Manual: management 9.3.
#include <fmt/format.h>

#include <cstdio>
#include <mutex>

#include "admin/command/change_weight.h"
#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/server_state.h"
#include "admin/session.h"
#include "admin/weight.h"
#include "base/units.h"
#include "proxy/agent.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

using Words = std::span<const std::string>;

std::string_view word(Words words, std::size_t index) {
  return index < words.size() ? std::string_view(words[index]) : std::string_view();
}

void set_state(Call& call, const NamedServer& named, Words words) {
  proxy::ServerState& server = *named.server;
  const std::string_view wanted = word(words, 0);
  if (wanted == "ready") {
    make_ready(call.worker, server);
  } else if (wanted == "drain") {
    make_drain(call.worker, server);
  } else if (wanted == "maint") {
    make_maint(call.worker, server);
  } else {
    call.error("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
  }
}

bool tracks(const NamedServer& named) {
  const std::scoped_lock guard(named.backend->state->lock);
  return !named.server->config->health.track.empty();
}

void set_health(Call& call, const NamedServer& named, Words words) {
  if (tracks(named)) return call.error("cannot change health on a tracking server.\n");
  const std::string_view wanted = word(words, 0);
  if (wanted == "up") {
    proxy::force_server_health(call.worker, *named.server, check::State::running);
  } else if (wanted == "stopping") {
    proxy::force_server_health(call.worker, *named.server, check::State::stopping);
  } else if (wanted == "down") {
    proxy::force_server_health(call.worker, *named.server, check::State::stopped);
  } else {
    call.error("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
  }
}

void set_weight(Call& call, const NamedServer& named, Words words) { change_weight(call, named, word(words, 0)); }

void say(Call& call, const proxy::BackendPlan& backend, const std::string& message) {
  call.worker.emit(backend.log, {.level = log::Level::notice, .message = message});
  if (!call.worker.process->quiet) std::fprintf(stderr, "%s\n", message.c_str());
}

// An IP address without a port; brackets around IPv6 are optional.
Result<SocketAddress> parse_host(std::string_view host) {
  const bool naked_ipv6 = host.find(':') != host.npos && !host.starts_with('[');
  const auto parsed = parse_address(naked_ipv6 ? fmt::format("[{}]", host) : std::string(host));
  if (!parsed || !parsed->address.is_inet() || !parsed->host.empty() || parsed->has_port) return fail("no address");
  return parsed->address;
}

/// The port behind `addr`: a number, or with a sign the client's port and that much more or less.
struct WantedPort {
  bool written = false;
  bool from_client = false;
  int offset = 0;
  std::uint16_t port = 0;
};

Result<WantedPort> parse_port(std::string_view text) {
  WantedPort wanted{.written = true};
  const bool relative = text.starts_with('+') || text.starts_with('-');
  const auto number = parse_integer(text.starts_with('+') ? text.substr(1) : text, relative ? -65'535 : 0, 65'535);
  if (!number)
    return fail(fmt::format("The port must be a number from 0 to 65535, not '{}'; nothing was changed\n", text));
  wanted.from_client = relative;
  if (relative)
    wanted.offset = static_cast<int>(*number);
  else
    wanted.port = static_cast<std::uint16_t>(*number);
  return wanted;
}

std::string shown_port(const proxy::ServerState& server) {
  return server.config->port_from_client ? fmt::format("{:+}", server.config->port_offset)
                                         : fmt::format("{}", server.address.port());
}

// What was changed, in words; `changed` says whether anything was. Under the backend's lock.
std::string change_address(proxy::ServerState& server, SocketAddress address, const WantedPort& port, bool& changed) {
  std::string text = "no need to change the addr";
  if (server.address.host() != address.host()) {
    text = fmt::format("IP changed from '{}' to '{}'", server.address.host(), address.host());
    changed = true;
  }
  const std::string before = shown_port(server);
  if (port.written) {
    auto next = std::make_shared<proxy::ServerConfig>(*server.config);
    next->port_from_client = port.from_client;
    next->port_offset = port.offset;
    server.config = std::move(next);
  }
  address.set_port(port.written && !port.from_client ? port.port : server.address.port());
  server.address = address;
  const std::string after = shown_port(server);
  if (before != after) {
    text += fmt::format(", port changed from '{}' to '{}'", before, after);
    changed = true;
  } else if (port.written) {
    text += ", no need to change the port";
  }
  if (changed) server.runtime_address = true;
  return text;
}

void set_address(Call& call, const NamedServer& named, Words words) {
  const std::string_view host = word(words, 0);
  if (host.empty()) return call.error("set server <b>/<s> addr requires an address and optionally a port.\n");
  const auto address = parse_host(host);
  if (!address) return call.say(4, fmt::format("Invalid addr '{}' by 'stats socket command'\n", host));
  WantedPort port;
  if (word(words, 1) == "port") {
    const auto parsed = parse_port(word(words, 2));
    if (!parsed) return call.say(4, parsed.error().message);
    port = *parsed;
  }
  bool changed = false;
  std::string text;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    // A check has no client whose port it could take.
    if (port.from_client && named.server->health.checked() && named.server->config->check.port == 0)
      text = "a port that follows the client's needs a 'port' for the health checks; nothing was changed";
    else
      text = change_address(*named.server, *address, port, changed);
  }
  text += " by 'stats socket command'";
  call.say(4, text + '\n');
  if (changed)
    say(call, *named.backend, fmt::format("{}/{} {}", named.backend->config->name, named.server->name, text));
}

bool checked(Call& call, const NamedServer& named) {
  const std::scoped_lock guard(named.backend->state->lock);
  if (named.server->health.checked()) return true;
  call.error("health checks are not enabled on this server");
  return false;
}

std::optional<std::uint16_t> check_port(Call& call, std::string_view text) {
  const auto number = parse_integer(text, INT32_MIN, INT32_MAX);
  if (!number) {
    call.error("provided port is not an integer");
    return std::nullopt;
  }
  if (*number < 0 || *number > 65'535) {
    call.error("provided port is invalid");
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*number);
}

// The running check ends; another one goes on at once.
template <class F>
void change_check(Call& call, const NamedServer& named, F change) {
  std::shared_ptr<const check::CheckConfig> check;
  {
    const std::scoped_lock guard(named.backend->state->lock);
    auto next = std::make_shared<proxy::ServerConfig>(*named.server->config);
    change(next->check);
    check = std::make_shared<const check::CheckConfig>(next->check);
    named.server->config = std::move(next);
    named.server->checked_with = check;
  }
  proxy::start_checks(*call.worker.process, named.server, check, Milliseconds(0));
}

void set_check_address(Call& call, const NamedServer& named, Words words) {
  const std::string_view host = word(words, 0);
  if (!checked(call, named)) return;
  if (host.empty()) return call.error("set server <b>/<s> check-addr requires an address and optionally a port.\n");
  const auto address = parse_host(host);
  if (!address) return call.error(fmt::format("invalid addr '{}'", host));
  std::optional<std::uint16_t> port;
  if (word(words, 1) == "port") {
    port = check_port(call, word(words, 2));
    if (!port) return;
  }
  change_check(call, named, [&](check::CheckConfig& check) {
    check.address = *address;
    if (port) check.port = *port;
  });
}

void set_check_port(Call& call, const NamedServer& named, Words words) {
  if (!checked(call, named)) return;
  if (words.empty()) return call.error("set server <b>/<s> check-port requires a port.\n");
  const auto port = check_port(call, word(words, 0));
  if (port) change_check(call, named, [&](check::CheckConfig& check) { check.port = *port; });
}

// The agent's settings as they are now; nullopt: there is no agent, as the answer says.
std::optional<proxy::AgentSettings> agent_of(Call& call, const NamedServer& named) {
  const std::scoped_lock guard(named.backend->state->lock);
  if (named.server->agent.enabled) return named.server->agent;
  call.error("agent checks are not enabled on this server.\n");
  return std::nullopt;
}

bool needs_value(Call& call, Words words, std::string_view what) {
  if (!words.empty()) return true;
  call.error(fmt::format("set server <b>/<s> {} requires a value.\n", what));
  return false;
}

void set_agent(Call& call, const NamedServer& named, Words words) {
  if (!agent_of(call, named)) return;
  if (word(words, 0) == "up" || word(words, 0) == "down")
    proxy::force_server_agent(call.worker, *named.server, word(words, 0) == "up");
  else
    call.error("'set server <srv> agent' expects 'up' or 'down'.\n");
}

bool read_agent_port(Call& call, std::string_view text, proxy::AgentSettings& settings) {
  const auto port = parse_integer(text, 1, 65'535);
  if (port)
    settings.port = static_cast<std::uint16_t>(*port);
  else
    call.error(fmt::format("a port is 1 to 65535, not '{}'; nothing was changed\n", text));
  return port.has_value();
}

void set_agent_port(Call& call, const NamedServer& named, Words words) {
  auto settings = agent_of(call, named);
  if (!settings || !needs_value(call, words, "agent-port")) return;
  if (read_agent_port(call, word(words, 0), *settings))
    proxy::change_agent(*call.worker.process, *named.server, *settings);
}

void set_agent_send(Call& call, const NamedServer& named, Words words) {
  auto settings = agent_of(call, named);
  if (!settings || !needs_value(call, words, "agent-send")) return;
  settings->send = word(words, 0);
  proxy::change_agent(*call.worker.process, *named.server, *settings);
}

void set_agent_address(Call& call, const NamedServer& named, Words words) {
  auto settings = agent_of(call, named);
  if (!settings || !needs_value(call, words, "agent-addr")) return;
  const auto address = parse_host(word(words, 0));
  if (!address) return call.error(fmt::format("incorrect addr address given for agent: '{}'\n", word(words, 0)));
  settings->address = *address;
  if (word(words, 1) == "port") {
    if (!read_agent_port(call, word(words, 2), *settings)) return;
  } else if (!word(words, 1).empty()) {
    return call.error("after the address only 'port <port>' is known; nothing was changed\n");
  }
  proxy::change_agent(*call.worker.process, *named.server, *settings);
}

// Names are resolved when a configuration is read, and not followed.
void set_fqdn(Call& call, const NamedServer&, Words words) {
  call.error(words.empty() ? "set server <b>/<s> fqdn requires a FQDN.\n"
                           : "set server <b>/<s> fqdn failed because no resolution is configured.\n");
}

struct Thing {
  std::string_view name;
  void (*set)(Call& call, const NamedServer& named, Words words);
};
constexpr Thing kThings[] = {
    {"addr", set_address},
    {"agent", set_agent},
    {"agent-addr", set_agent_address},
    {"agent-port", set_agent_port},
    {"agent-send", set_agent_send},
    {"check-addr", set_check_address},
    {"check-port", set_check_port},
    {"fqdn", set_fqdn},
    {"health", set_health},
    {"state", set_state},
    {"weight", set_weight},
};

void set_server(Call& call) {
  const auto named = named_server(*call.worker.plan, call.word(0));
  if (!named) return call.error(named.error().message);
  for (const Thing& thing : kThings)
    if (thing.name == call.word(1)) return thing.set(call, *named, call.words.subspan(2));
  std::string names;
  for (const Thing& thing : kThings) names += fmt::format("{}{}", names.empty() ? "" : " | ", thing.name);
  call.error(fmt::format("usage: set server <backend>/<server> {}\n", names));
}

constexpr CliCommand kRows[] = {
    {.name = "set server",
     .level = Level::admin,
     .usage = "set server <bk>/<srv> [opts]",
     .answer = set_server,
     .doc = "a server's state, health, agent, weight, address or checks"},
};

}  // namespace

constinit const std::span<const CliCommand> set_server_commands{kRows};

}  // namespace weir::admin
