// The sections global, defaults, frontend, backend and listen, and the list of this layer's tables.
//
// A frontend and a backend may share a name, a listen section is both and shares with neither. Manual: 2.1, 4.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/fcgi.h"
#include "proxy/keyword/tables.h"
#include "proxy/keywords.h"

namespace weir::proxy {

config::Target open_userlist(config::ParseContext& context);     // userlist.cpp
config::Target open_http_errors(config::ParseContext& context);  // pages.cpp
config::Target open_log_profile(config::ParseContext& context);  // log_profile.cpp

namespace {

using config::Naming;
using config::ParseContext;
using config::SectionKind;
using config::SectionRow;
using config::Target;

Target open_global(ParseContext& context) { return Target::of(context.model<Build>().config.global); }

// Manual: rules of a defaults section that serve both sides would be ambiguous.
void check_users_of_rules(ParseContext& context, const ProxyConfig& from, const ProxyConfig& proxy) {
  if (!from.has_rules) return;
  if (is_defaults(context)) {
    context.diagnostics().error(proxy.at, "a defaults section may not start from one that has rules").hint =
        fmt::format("'{}' has them", from.name);
    return;
  }
  const bool wrong_side = proxy.kind == ProxyKind::frontend ? !from.response_rules.empty()
                          : proxy.kind == ProxyKind::backend
                              ? !from.connection_rules.empty() || !from.session_rules.empty()
                              : false;
  if (wrong_side)
    context.diagnostics().error(
        proxy.at,
        fmt::format("{} may not start from defaults '{}', which has {} rules", title(proxy), from.name,
                    proxy.kind == ProxyKind::frontend ? "tcp-response" : "tcp-request connection or session"));
  auto& users = context.model<Build>().users_of_rules[&from];
  const unsigned before = users;
  users |= static_cast<unsigned>(proxy.kind);
  if (users != static_cast<unsigned>(ProxyKind::listen) || before == users) return;
  auto& wrong = context.diagnostics().error(
      proxy.at, fmt::format("{} may not start from defaults '{}', which has rules", title(proxy), from.name));
  wrong.hint = proxy.kind == ProxyKind::listen ? "rules of a defaults section serve frontends or backends, no listen"
                                               : "frontends and backends need defaults sections of their own";
}

void start_from_defaults(ParseContext& context, ProxyConfig& proxy) {
  proxy.names = {std::make_shared<NameRefs>(is_defaults(context) ? std::string() : proxy.name)};
  const auto* from = context.defaults<ProxyConfig>();
  if (from == nullptr) return;
  check_users_of_rules(context, *from, proxy);
  proxy.connection_rules = from->connection_rules;
  proxy.session_rules = from->session_rules;
  proxy.content_rules = from->content_rules;
  proxy.response_rules = from->response_rules;
  proxy.http_request_rules = from->http_request_rules;
  proxy.http_response_rules = from->http_response_rules;
  proxy.http_after_response_rules = from->http_after_response_rules;
  *proxy.rule_lines = *from->rule_lines;
  proxy.inspect_delay = from->inspect_delay;
  proxy.response_inspect_delay = from->response_inspect_delay;
  proxy.names.insert(proxy.names.end(), from->names.begin(), from->names.end());
  proxy.settings = from->settings;
  proxy.settings.check_steps_inherited = !proxy.settings.check_steps.empty();
  proxy.settings.http_expects_inherited = !proxy.settings.probe.http.expects.empty();
}

Target open_defaults(ParseContext& context) {
  ProxyConfig& proxy = context.model<Build>().defaults.emplace_back();
  proxy.name = context.section_name();
  proxy.at = context.section().at;
  start_from_defaults(context, proxy);
  return Target::of(proxy);
}

// What later sections take over, as lines: one list for all of them.
void close_defaults(ParseContext& context) {
  auto& proxy = context.target<ProxyConfig>();
  auto lines = std::make_shared<std::vector<std::string>>();
  if (proxy.settings.inherited_lines) *lines = *proxy.settings.inherited_lines;
  lines->insert(lines->end(), proxy.lines.begin(), proxy.lines.end());
  proxy.settings.inherited_lines = std::move(lines);
}

Target open_proxy(ParseContext& context, ProxyKind kind) {
  auto& build = context.model<Build>();
  auto proxy = std::make_shared<ProxyConfig>();
  proxy->name = context.section_name();
  proxy->kind = kind;
  proxy->at = context.section().name_at;
  start_from_defaults(context, *proxy);
  build.config.proxies.push_back(proxy);
  bool fresh = true;
  if (proxy->is_frontend()) fresh = build.frontends.claim(proxy->name, proxy->at, "proxy", context.diagnostics());
  // One message is enough when a listen section collides with both; the name is claimed on both sides all the same.
  if (proxy->is_backend() && fresh) build.backends.claim(proxy->name, proxy->at, "proxy", context.diagnostics());
  return Target::of(*proxy);
}

Target open_frontend(ParseContext& context) { return open_proxy(context, ProxyKind::frontend); }
Target open_backend(ParseContext& context) { return open_proxy(context, ProxyKind::backend); }
Target open_listen(ParseContext& context) { return open_proxy(context, ProxyKind::listen); }

constexpr std::string_view kUseBind = "addresses stand on lines of their own: bind 192.0.2.1:443";

constexpr SectionRow kSections[] = {
    {.name = "backend",
     .kind = SectionKind::backend,
     .naming = Naming::required,
     .takes_from = true,
     .extra_hint = "servers stand on lines of their own: server s1 192.0.2.1:443",
     .open = open_backend,
     .doc = "A set of servers that share the connections given to it.",
     .example = "backend bk_rdp"},
    {.name = "defaults",
     .kind = SectionKind::defaults,
     .naming = Naming::optional,
     .takes_from = true,
     .is_defaults = true,
     .open = open_defaults,
     .close = close_defaults,
     .doc = "Settings that the proxies after it start from.",
     .example = "defaults tcp-farms"},
    {.name = "fcgi-app",
     .kind = SectionKind::fcgi_app,
     .naming = Naming::required,
     .open = open_fcgi_app,
     .close = close_fcgi_app,
     .doc = "A FastCGI application: how requests are told to it.",
     .example = "fcgi-app php"},
    {.name = "frontend",
     .kind = SectionKind::frontend,
     .naming = Naming::required,
     .takes_from = true,
     .extra_hint = kUseBind,
     .open = open_frontend,
     .doc = "A set of addresses that accepts connections and chooses a backend for each.",
     .example = "frontend ft_rdp"},
    {.name = "global",
     .kind = SectionKind::global,
     .open = open_global,
     .doc = "Settings of the whole process.",
     .example = "global"},
    {.name = "http-errors",
     .kind = SectionKind::http_errors,
     .naming = Naming::required,
     .open = open_http_errors,
     .doc = "Pages for errors, for proxies that name the section.",
     .example = "http-errors site1"},
    {.name = "listen",
     .kind = SectionKind::listen,
     .naming = Naming::required,
     .takes_from = true,
     .extra_hint = kUseBind,
     .open = open_listen,
     .doc = "A frontend and its backend in one section.",
     .example = "listen rdp"},
    {.name = "log-profile",
     .kind = SectionKind::log_profile,
     .naming = Naming::required,
     .open = open_log_profile,
     .doc = "Words for the lines of the 'log' lines that name it, step by step.",
     .example = "log-profile audit"},
    {.name = "userlist",
     .kind = SectionKind::userlist,
     .naming = Naming::required,
     .open = open_userlist,
     .doc = "Users and their groups, for authentication.",
     .example = "userlist staff"},
};

}  // namespace

constinit const std::span<const SectionRow> sections{kSections};

// Copies of spans that are constants of other files: nothing else is initialised at start.
namespace {
const std::span<const config::KeywordRow> kTables[] = {
    process_keywords,   thread_keywords,         life_keywords,          server_state_keywords, environment_keywords,
    stats_keywords,     tuning_keywords,         tls_keywords,           proxy_keywords,        timeout_keywords,
    option_keywords,    bind_keywords,           server_keywords,        balance_keywords,      persistence_keywords,
    log_keywords,       log_profile_keywords,    rule_keywords,          stick_keywords,        check_keywords,
    probe_keywords,     status_code_keywords,    userlist_keywords,      later_keywords,        variable_keywords,
    capture_keywords,   proxy_protocol_keywords, filter_keywords,        compression_keywords,  http_keywords,
    http_name_keywords, page_keywords,           old_rewriting_keywords, statistics_keywords,   fcgi_keywords,
};
}  // namespace

const std::span<const std::span<const config::KeywordRow>> keywords{kTables};

}  // namespace weir::proxy
