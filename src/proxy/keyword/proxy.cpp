// What a proxy is as a whole: mode, limits, identity, where its connections come from and go. Manual: 4.2.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/outside.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using config::no_meaning;

constexpr std::int64_t kMaxConnections = 1'000'000'000;

void mode(ParseContext& context, const Line& line) {
  static constexpr std::string_view kModes[] = {"tcp", "http"};
  Arguments args(context, line);
  const Word& word = *args.peek();
  for (const std::string_view other : {"log", "spop", "haterm"})
    if (word.text == other) {
      context.error(word, fmt::format("'mode {}' is not available in this version", word.text));
      return;
    }
  if (word.text == "health") {
    context.error(word, "'mode health' is gone").hint =
        "a bind line and a tcp-request rule that rejects answer as much";
    return;
  }
  const auto chosen = args.expect_choice("mode", kModes);
  if (!chosen) return;
  ProxySettings& settings = context.target<ProxyConfig>().settings;
  settings.mode = *chosen == 0 ? Mode::tcp : Mode::http;
  settings.mode_at = word.at;
}

void maxconn(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of connections", 0, kMaxConnections))
    proxy->settings.maxconn = static_cast<std::uint32_t>(*number);
}

void rate_limit(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWhat[] = {"sessions"};
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (!args.expect_choice("rate", kWhat)) return;
  if (const auto number = args.expect_integer("the number of sessions in a second", 0, INT32_MAX))
    proxy->settings.session_rate = static_cast<std::uint32_t>(*number);
}

void fullconn(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of connections", 1, kMaxConnections))
    proxy->settings.fullconn = static_cast<std::uint32_t>(*number);
}

void backlog(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of connections", 0, INT32_MAX))
    proxy->settings.backlog = static_cast<int>(*number);
}

void description(ParseContext& context, const Line& line) {
  context.target<ProxyConfig>().settings.description = joined(line.args());
}

void set_disabled(ParseContext& context, const Line&) { context.target<ProxyConfig>().settings.disabled = true; }
void set_enabled(ParseContext& context, const Line&) { context.target<ProxyConfig>().settings.disabled = false; }

void id(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number", 1, INT32_MAX))
    context.target<ProxyConfig>().id = static_cast<std::uint32_t>(*number);
  context.target<ProxyConfig>().explicit_id = context.target<ProxyConfig>().id != 0;
}

void guid(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const Word* word = expect_guid(args)) context.target<ProxyConfig>().guid = word->text;
}

void default_backend(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word* name = args.expect_name("the backend's name");
  if (name == nullptr) return;
  proxy->settings.default_backend = name->text;
  proxy->settings.default_backend_at = name->at;
}

void use_backend(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& target = *args.next();
  UseBackend rule;
  rule.at = target.at;
  if (target.text.find('%') == std::string::npos) {
    rule.name = target.text;
    if (config::first_bad_name_character(rule.name) != std::string_view::npos || rule.name.empty()) {
      context.error(target, fmt::format("'{}' is no name of a backend", target.text)).hint =
          "a name, or a format such as %[req.ssl_sni]";
      return;
    }
  } else {
    rule.format = sample::LogFormat::compile(target.text, {.use = sample::FormatUse::text},
                                             scope_of(context, Place::request), target.at, context.diagnostics());
    if (!rule.format) return;
  }
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(*proxy, RuleList::use_backend, line);
  proxy->use_backends.push_back(std::move(rule));
}

void source(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  if (context.negated()) {
    proxy->settings.source.reset();
    return;
  }
  Arguments args(context, line);
  SourceSettings settings;
  if (!read_source(args, settings) || !args.expect_end()) return;
  if (settings.first_port != settings.last_port) {
    context.error(line.args()[0], "a range of ports belongs on the server lines").hint =
        "server s1 192.0.2.1:443 source 192.0.2.9:10000-20000";
    return;
  }
  proxy->settings.source = std::move(settings);
}

void max_session_servers(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto number = args.expect_integer("the number of connections", 0, INT32_MAX);
  if (ProxyConfig* proxy = number ? frontend_side(context, line) : nullptr)
    proxy->settings.http.max_session_servers = static_cast<std::uint32_t>(*number);
}

constexpr KeywordRow kRows[] = {
    {.name = "backlog",
     .sections = in::proxies,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = backlog,
     .doc = "How many connections the system may hold ready to be accepted; without it as many as 'maxconn'.",
     .example = "backlog 10000"},
    {.name = "default_backend",
     .sections = in::proxies,
     .arguments = "<backend>",
     .min_args = 1,
     .max_args = 1,
     .parse = default_backend,
     .doc = "Where sessions go that no 'use_backend' line claims.",
     .example = "default_backend bk_rdp"},
    {.name = "description",
     .sections = in::frontends | in::backends,
     .arguments = "<text>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = description,
     .doc = "Says what the proxy is for, in the statistics.",
     .example = "description \"Remote desktops of the office\""},
    {.name = "disabled",
     .sections = in::proxies,
     .parse = set_disabled,
     .doc = "The proxy is read and checked and does not run.",
     .example = "disabled"},
    {.name = "enabled",
     .sections = in::proxies,
     .parse = set_enabled,
     .doc = "The proxy runs although its defaults section says 'disabled'.",
     .example = "enabled"},
    {.name = "fullconn",
     .sections = in::proxies,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = fullconn,
     .doc = "At how many sessions of the backend its servers reach their 'maxconn' when they have a 'minconn'.",
     .example = "fullconn 10000"},
    {.name = "guid",
     .sections = in::frontend | in::backend | in::listen,
     .arguments = "<guid>",
     .min_args = 1,
     .max_args = 1,
     .parse = guid,
     .doc = "A name that nothing else in the configuration bears.",
     .example = "guid farm-rdp"},
    {.name = "id",
     .sections = in::frontends | in::backends,
     .arguments = "<number>",
     .min_args = 1,
     .max_args = 1,
     .parse = id,
     .doc = "The number of the proxy in statistics; without it the next free one.",
     .example = "id 2001"},
    {.name = "maxconn",
     .sections = in::proxies,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = maxconn,
     .doc = "How many sessions of the frontend may run at once; others wait in the system's queue.",
     .example = "maxconn 2000"},
    {.name = "max-session-srv-conns",
     .sections = in::proxies,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = max_session_servers,
     .doc =
         "How many connections to servers rest beside their own client between its requests: weir keeps the last one, "
         "or with 0 none.",
     .example = "max-session-srv-conns 1"},
    {.name = "mode",
     .sections = in::proxies,
     .arguments = "<mode>",
     .min_args = 1,
     .max_args = 1,
     .parse = mode,
     .doc = "What the proxy understands of what it forwards.",
     .example = "mode tcp"},
    {.name = "rate-limit",
     .sections = in::proxies,
     .arguments = "sessions <rate>",
     .min_args = 2,
     .max_args = 2,
     .parse = rate_limit,
     .doc = "How many sessions of the frontend may begin in a second; others wait in the system's queue.",
     .example = "rate-limit sessions 10"},
    {.name = "source",
     .sections = in::proxies,
     .arguments = "<address> [usesrc <address>] [interface <name>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .accepts = accepts::no_prefix,
     .parse = source,
     .doc = "From which address the servers are connected to.",
     .example = "source 192.0.2.9"},
    {.name = "use_backend",
     .sections = in::frontends | in::backend,
     .arguments = "<backend> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = use_backend,
     .doc = "Where sessions go for which the condition holds; the first line that fits decides.",
     .example = "use_backend bk_rdp if RDP_COOKIE"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> proxy_keywords{kRows};

}  // namespace weir::proxy
