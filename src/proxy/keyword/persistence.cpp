// Who may choose against the balance, and where sessions go without a server: use-server, force-persist,
// ignore-persist, force-be-switch, be-unpublished, dispatch, transparent. Manual: 4.2; 2.0 for dispatch and
// transparent.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"
#include "resolve/start.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void use_server(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& target = *args.next();
  UseServer rule;
  rule.at = target.at;
  if (target.text.find('%') == std::string::npos) {
    rule.name = target.text;
  } else {
    rule.format = sample::LogFormat::compile(target.text, {.use = sample::FormatUse::text},
                                             scope_of(context, Place::request), target.at, context.diagnostics());
    if (!rule.format) return;
  }
  if (args.at_end()) {
    args.error("'if' or 'unless' and a condition are missing");
    return;
  }
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(*proxy, RuleList::use_server, line);
  proxy->use_servers.push_back(std::move(rule));
}

template <bool Force>
void persist_rule(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  PersistRule rule;
  rule.force = Force;
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(*proxy, RuleList::persist, line);
  proxy->persist_rules.push_back(std::move(rule));
}

void force_be_switch(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  ConditionRule rule;
  if (!read_condition(context, args, Place::request, rule.condition)) return;
  rule.number = number_rule(*proxy, RuleList::be_switch, line);
  proxy->be_switch_rules.push_back(std::move(rule));
}

void be_unpublished(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line)) proxy->unpublished = true;
}

void dispatch(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const Word& word = *args.peek();
  auto spec = args.expect_address("the address");
  if (!spec) return;
  if (!spec->address.is_unix() && (!spec->has_port || spec->port_is_offset || spec->address.port() == 0 ||
                                   spec->last_port != spec->address.port())) {
    context.error(word, fmt::format("'{}' needs a port, one of its own", word.text)).hint = "dispatch 192.0.2.11:3389";
    return;
  }
  if (!spec->host.empty()) {
    const auto found = resolve::resolve_host(spec->host, spec->forced_family);
    if (!found) {
      context.error(word, found.error().message);
      return;
    }
    const std::uint16_t port = spec->address.port();
    spec->address = *found;
    spec->address.set_port(port);
    proxy->lines.push_back(fmt::format("dispatch = {}", found->host()));
  }
  proxy->dispatch = spec->address;
}

void transparent(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line)) proxy->settings.transparent = context.prefix() == Prefix::none;
}

void old_transparent(ParseContext& context, const Line& line) {
  context.warning(line.at, "'transparent' is an old word").hint = "write 'option transparent'; it means the same";
  transparent(context, line);
}

constexpr KeywordRow kRows[] = {
    {.name = "be-unpublished",
     .sections = in::frontend | in::backends,
     .parse = be_unpublished,
     .doc = "Rules of other proxies pass the backend by until 'publish backend' on the runtime socket.",
     .example = "be-unpublished"},
    {.name = "dispatch",
     .sections = in::frontend | in::backends,
     .arguments = "<address>:<port>",
     .min_args = 1,
     .max_args = 1,
     .parse = dispatch,
     .doc = "Where the sessions of a proxy without servers go.",
     .example = "dispatch 192.0.2.99:3389"},
    {.name = "force-be-switch",
     .sections = in::frontends | in::backend,
     .arguments = "if|unless <condition>",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = force_be_switch,
     .doc = "Sessions for which the condition holds may reach backends that are disabled or unpublished.",
     .example = "force-be-switch if { src 192.0.2.0/24 }"},
    {.name = "force-persist",
     .sections = in::frontend | in::backends,
     .arguments = "if|unless <condition>",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = persist_rule<true>,
     .doc = "Persistence that holds even when its server is down.",
     .example = "force-persist if { src 192.0.2.0/24 }"},
    {.name = "ignore-persist",
     .sections = in::frontend | in::backends,
     .arguments = "if|unless <condition>",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = persist_rule<false>,
     .doc = "Sessions whose persistence cookie counts for nothing.",
     .example = "ignore-persist if { src 192.0.2.0/24 }"},
    {.name = "option transparent",
     .sections = in::proxies,
     .accepts = accepts::no_prefix,
     .parse = transparent,
     .doc = "Sessions of a proxy without servers go where the client wanted to go.",
     .example = "option transparent"},
    {.name = "transparent",
     .sections = in::proxies,
     .parse = old_transparent,
     .doc = "The old word for 'option transparent'.",
     .example = "transparent"},
    {.name = "use-server",
     .sections = in::frontend | in::backends,
     .arguments = "<server> if|unless <condition>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = use_server,
     .doc = "The server of sessions for which the condition holds; the first rule whose server may serve decides.",
     .example = "use-server www if { req.ssl_sni -i www.example.com }"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> persistence_keywords{kRows};

}  // namespace weir::proxy
