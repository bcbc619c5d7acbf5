// What a server line says about the server's health beside its check: whom it tracks, its agent, what traffic proves.
// Manual: 5.2.
#include <fmt/format.h>

#include "config/vocabulary.h"
#include "proxy/keyword/server_options.h"
#include "resolve/start.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using config::dropped_option;
using config::option_without_meaning;

using S = ServerConfig;
using Row = OptionRow<S>;

void agent_addr(ParseContext&, S& server, Arguments& args, const Word&) {
  const Word* word = args.peek();
  auto spec = args.expect_address("the agent's address");
  if (!spec) return;
  if (!spec->address.is_inet() && spec->host.empty()) {
    args.error_at(word->at, fmt::format("'{}' is no address of an agent", word->text));
    return;
  }
  SocketAddress address = spec->address;
  if (!spec->host.empty()) {
    const auto found = resolve::resolve_host(spec->host, spec->forced_family);
    if (!found) {
      args.error_at(word->at, found.error().message);
      return;
    }
    address = *found;
    server.resolved += fmt::format("agent {}\n", found->host());
  }
  address.set_port(0);
  server.health.agent.address = address;
}

template <bool On>
void agent_check(ParseContext&, S& server, Arguments&, const Word&) {
  server.health.agent.enabled = On;
}

void agent_inter(ParseContext&, S& server, Arguments& args, const Word& option) {
  const auto time = args.expect_time("the interval");
  if (!time) return;
  if (time->count() == 0)
    args.error_at(option.at, "'agent-inter' of 0 is no interval");
  else
    server.health.agent.inter = *time;
}

void agent_port(ParseContext&, S& server, Arguments& args, const Word&) {
  if (const auto port = args.expect_integer("the port", 1, 65'535))
    server.health.agent.port = static_cast<std::uint16_t>(*port);
}

void agent_send(ParseContext&, S& server, Arguments& args, const Word&) {
  server.health.agent.send = args.next()->text;
}

void error_limit(ParseContext&, S& server, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the number of errors", 1, INT32_MAX))
    server.health.error_limit = static_cast<std::uint32_t>(*number);
}

void init_state(ParseContext&, S& server, Arguments& args, const Word&) {
  using check::InitState;
  static constexpr std::string_view kChoices[] = {"fully-up", "up", "down", "fully-down", "none"};
  static constexpr InitState kStates[] = {InitState::fully_up, InitState::up, InitState::down, InitState::fully_down,
                                          InitState::none};
  if (const auto chosen = args.expect_choice("initial state", kChoices)) server.health.init_state = kStates[*chosen];
}

void observe(ParseContext&, S& server, Arguments& args, const Word&) {
  if (const Word* word = args.peek(); word->text == "layer7") {
    args.error_at(word->at, "'observe layer7' looks at HTTP answers, which are not available in this version").hint =
        "'observe layer4' looks at connections";
    args.next();
    return;
  }
  static constexpr std::string_view kChoices[] = {"layer4"};
  if (args.expect_choice("what to observe", kChoices)) server.health.observe = true;
}

void on_error(ParseContext&, S& server, Arguments& args, const Word&) {
  using check::OnError;
  static constexpr std::string_view kChoices[] = {"fastinter", "fail-check", "sudden-death", "mark-down"};
  static constexpr OnError kModes[] = {OnError::fastinter, OnError::fail_check, OnError::sudden_death,
                                       OnError::mark_down};
  if (const auto chosen = args.expect_choice("reaction", kChoices)) server.health.on_error = kModes[*chosen];
}

void track(ParseContext&, S& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  const auto slash = word.text.find('/');
  const bool empty_part = word.text.empty() || slash == 0 || (slash != word.text.npos && slash + 1 == word.text.size());
  if (empty_part) {
    args.error_at(word.at, fmt::format("'{}' names no server to track", word.text)).example =
        "server s1 192.0.2.11:3389 track farm/s1";
    return;
  }
  server.health.track = word.text;
  server.health.track_at = word.at;
}

constexpr Row with(std::string_view name, std::string_view arguments,
                   void (*apply)(ParseContext&, S&, Arguments&, const Word&), std::string_view doc,
                   std::string_view example) {
  return {.name = name, .args = 1, .apply = apply, .arguments = arguments, .doc = doc, .example = example};
}
constexpr Row plain(std::string_view name, void (*apply)(ParseContext&, S&, Arguments&, const Word&),
                    std::string_view doc, std::string_view example) {
  return {.name = name, .apply = apply, .doc = doc, .example = example};
}

constexpr std::string_view kNoPool = "checks reuse connections of HTTP rulesets only, and HTTP is not available";

constexpr Row kRows[] = {
    with("agent-addr", "<address>", agent_addr, "Where the agent is, when not on the server itself.",
         "server s1 192.0.2.11:3389 agent-check agent-port 9707 agent-addr 192.0.2.9"),
    plain("agent-check", agent_check<true>,
          "Asks an agent for a line about the server: its weight, its limit, its mode, up or down.",
          "server s1 192.0.2.11:3389 check agent-check agent-port 9707"),
    with("agent-inter", "<time>", agent_inter, "The time between two questions to the agent.",
         "server s1 192.0.2.11:3389 agent-check agent-port 9707 agent-inter 5s"),
    with("agent-port", "<port>", agent_port, "The agent's port.",
         "server s1 192.0.2.11:3389 agent-check agent-port 9707"),
    with("agent-send", "<text>", agent_send, "What is sent to the agent once connected.",
         "server s1 192.0.2.11:3389 agent-check agent-port 9707 agent-send \"farm/s1\\n\""),
    with("error-limit", "<count>", error_limit, "After how many failed connections in a row 'on-error' acts.",
         "server s1 192.0.2.11:3389 check observe layer4 error-limit 10"),
    with("init-state", "fully-up|up|down|fully-down|none", init_state,
         "In which state the server starts, and starts again after maintenance.",
         "server s1 192.0.2.11:3389 check init-state down"),
    plain("no-agent-check", agent_check<false>, "Takes back 'agent-check' of the defaults.",
          "server s1 192.0.2.11:3389 no-agent-check"),
    with("observe", "layer4", observe, "Counts connections of sessions that fail, and reacts as 'on-error' says.",
         "server s1 192.0.2.11:3389 check observe layer4"),
    with("on-error", "fastinter|fail-check|sudden-death|mark-down", on_error,
         "What enough failed connections in a row do; all of them bring the next check forward.",
         "server s1 192.0.2.11:3389 check observe layer4 on-error mark-down"),
    with("track", "[<backend>/]<server>", track, "Takes over the state of another server instead of checking.",
         "server s1 192.0.2.11:443 track farm/s1"),
    dropped_option<S>("check-pool-conn-name", 1, kNoPool),
    option_without_meaning<S>("check-reuse-pool", 0, "checks of TCP mode open connections of their own"),
    option_without_meaning<S>("check-sni-auto", 0, "it looks at HTTP rulesets only"),
    dropped_option<S>("check-via-socks4", 0, "connections through a SOCKS4 proxy are not available in this version"),
    dropped_option<S>("healthcheck", 1, "sections of health checks are not available in this version",
                      "option tcp-check"),
    option_without_meaning<S>("no-check-sni-auto", 0, "it looks at HTTP rulesets only"),
};

}  // namespace

constinit const std::span<const Row> server_health_options{kRows};

}  // namespace weir::proxy
