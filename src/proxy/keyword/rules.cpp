// ACLs and the rules that look at a connection and at its first bytes. Manual: 4.2 (acl, tcp-request), 7.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/rules.h"
#include "proxy/keyword/tables.h"
#include "proxy/rule/action.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

// Manual: rules and ACLs belong to named defaults sections only, so that a proxy that takes them says so.
bool allowed_in_defaults(ParseContext& context, const Line& line) {
  if (!is_defaults(context) || !context.section_name().empty()) return true;
  context.error(line.at, fmt::format("'{}' stands in a defaults section without a name", context.row()->name)).hint =
      "name the section, and start the proxies that follow these rules 'from' it";
  return false;
}

void acl(ParseContext& context, const Line& line) {
  if (!allowed_in_defaults(context, line)) return;
  auto& proxy = context.target<ProxyConfig>();
  const auto words = sample_words(line.args());
  const sample::Scope scope{.registry = &context.model<Build>().registry,
                            .acls = &proxy.acls,
                            .names = proxy.names.front()->resolver(),
                            .contents = &proxy.lines,
                            .owner = proxy.name};
  if (!proxy.acls.define(words, scope, context.diagnostics())) return;
  // What pattern files hold is part of what the line says.
  if (!std::ranges::any_of(line.args(), [](const Word& word) { return word.text == "-f"; })) return;
  if (const auto named = proxy.acls.find(words[0].text, scope); named && !named->tests.empty())
    proxy.lines.push_back(named->tests.back().text());
}

constexpr Place place_of(RuleSet set) {
  switch (set) {
    case RuleSet::tcp_request_connection: return Place::connection;
    case RuleSet::tcp_request_session: return Place::session;
    case RuleSet::tcp_request_content: return Place::request;
    case RuleSet::tcp_response_content: return Place::response;
    case RuleSet::http_request: return Place::request;
    case RuleSet::http_response:
    case RuleSet::http_after_response: return Place::response;
  }
  return Place::request;
}

std::string shown(const ActionRow& row) {
  switch (row.form) {
    case ActionForm::word: return std::string(row.name);
    case ActionForm::parentheses: return fmt::format("{}()", row.name);
    case ActionForm::number: return fmt::format("{}0", row.name);
  }
  return {};
}

void report_unknown_action(ParseContext& context, const Word& word, RuleSet set) {
  std::vector<std::string> names;
  for (const auto& table : action_tables())
    for (const ActionRow& row : table)
      if ((row.sets & static_cast<std::uint8_t>(set)) != 0 && row.reason.empty()) names.push_back(shown(row));
  std::ranges::sort(names);
  auto& wrong = context.error(word, fmt::format("'{}' has no action '{}'", context.row()->name, word.text));
  const std::vector<std::string_view> views(names.begin(), names.end());
  if (const auto near = nearest_word(std::string_view(word.text).substr(0, 64), views); !near.empty()) {
    wrong.hint = fmt::format("did you mean '{}'?", near);
    return;
  }
  wrong.hint = "in this version there are";
  for (const auto& name : names) wrong.hint += fmt::format("{} {}", name == names.front() ? "" : ",", name);
}

// The row of the action, or nullptr after a report.
const ActionRow* action_of(ParseContext& context, const Word& word, RuleSet set) {
  const ActionRow* row = find_action(word.text, set);
  if (row == nullptr) {
    report_unknown_action(context, word, set);
    return nullptr;
  }
  if ((row->sets & static_cast<std::uint8_t>(set)) == 0) {
    context.error(word, fmt::format("'{}' is no action of '{}'", row->name, context.row()->name)).hint =
        fmt::format("it is one of {}", fmt::join(rule_sets_of(*row), ", "));
    return nullptr;
  }
  if (!row->reason.empty()) {
    context.error(word, fmt::format("'{}' is refused: {}", row->name, row->reason));
    return nullptr;
  }
  return row;
}

bool take_apart(ParseContext& context, const Word& word, const ActionRow& row, ActionWord& out) {
  out.text = word.text;
  out.at = word.at;
  const std::string_view rest = out.text.substr(row.name.size());
  if (row.form == ActionForm::number)
    for (const char digit : rest) out.number = out.number * 10 + static_cast<std::uint32_t>(digit - '0');
  if (row.form != ActionForm::parentheses) return true;
  if (rest.size() < 2 || rest.front() != '(' || rest.back() != ')') {
    context
        .error(word, rest.empty() ? fmt::format("'{}' needs its arguments in parentheses", row.name)
                                  : fmt::format("the arguments of '{}' do not end in ')'", row.name))
        .example = row.example;
    return false;
  }
  out.arguments = rest.substr(1, rest.size() - 2);
  out.arguments_at = word.at;
  if (out.arguments_at.column != 0) out.arguments_at.column += static_cast<std::uint32_t>(row.name.size() + 1);
  out.arguments_at.length = static_cast<std::uint32_t>(out.arguments.size());
  return true;
}

// A word as it may stand in a file again; what moves a terminal's cursor is shown as \\xNN.
std::string as_written(std::string_view word) {
  if (!word.empty() && word.find_first_of(" \t\"'\\#") == word.npos &&
      std::ranges::all_of(word, [](char c) { return c > ' ' && c < 0x7f; }))
    return std::string(word);
  std::string out = "\"";
  for (const char c : word) {
    if (c < ' ' || c >= 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::vector<std::string> rule_sets_of(const ActionRow& row) {
  constexpr std::pair<std::uint8_t, std::string_view> kSets[] = {
      {rules_of::connection, "tcp-request connection"}, {rules_of::session, "tcp-request session"},
      {rules_of::content, "tcp-request content"},       {rules_of::response, "tcp-response content"},
      {rules_of::http_request, "http-request"},         {rules_of::http_response, "http-response"},
      {rules_of::http_after, "http-after-response"}};
  std::vector<std::string> all;
  for (const auto& [bit, name] : kSets)
    if ((row.sets & bit) != 0) all.emplace_back(name);
  return all;
}

std::uint32_t number_rule(ProxyConfig& proxy, RuleList list, const Line& line) {
  RuleLine& rule = proxy.rule_lines->emplace_back();
  rule.list = list;
  rule.at = line.at;
  for (const Word& word : line.words) {
    if (!rule.text.empty()) rule.text += ' ';
    rule.text += as_written(word.text);
  }
  return static_cast<std::uint32_t>(proxy.rule_lines->size() - 1);
}

void read_rule(ParseContext& context, const Line& line, RuleSet set, RuleList list, std::vector<Rule>& into) {
  constexpr std::size_t kMostRules = 65'000;  // Session counts them in 16 bits
  if (!allowed_in_defaults(context, line)) return;
  Arguments args(context, line);
  const Word& word = *args.next();
  Rule rule;
  rule.at = word.at;
  rule.action = action_of(context, word, set);
  ActionWord taken;
  if (rule.action == nullptr || !take_apart(context, word, *rule.action, taken)) return;
  args.set_example(rule.action->example);
  auto& proxy = context.target<ProxyConfig>();
  const sample::Scope scope = scope_of(context, place_of(set));
  ActionReader reader{.context = context,
                      .args = args,
                      .word = taken,
                      .set = set,
                      .proxy = proxy,
                      .scope = scope,
                      .names = *proxy.names.front(),
                      .out = rule.argument};
  if (rule.action->parse != nullptr && !rule.action->parse(reader)) return;
  if (!read_condition(context, args, place_of(set), rule.condition)) return;
  if (into.size() == kMostRules) {
    context.error(word, "these are more rules than a rule set may have");
    return;
  }
  proxy.has_rules = true;
  rule.number = number_rule(proxy, list, line);
  into.push_back(std::move(rule));
}

namespace {

void tcp_request_connection(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line))
    read_rule(context, line, RuleSet::tcp_request_connection, RuleList::connection, proxy->connection_rules);
}

void tcp_request_session(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line))
    read_rule(context, line, RuleSet::tcp_request_session, RuleList::session, proxy->session_rules);
}

void tcp_request_content(ParseContext& context, const Line& line) {
  read_rule(context, line, RuleSet::tcp_request_content, RuleList::content,
            context.target<ProxyConfig>().content_rules);
}

void tcp_response_content(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line))
    read_rule(context, line, RuleSet::tcp_response_content, RuleList::tcp_response, proxy->response_rules);
}

void http_request(ParseContext& context, const Line& line) {
  read_rule(context, line, RuleSet::http_request, RuleList::http_request,
            context.target<ProxyConfig>().http_request_rules);
}
void http_response(ParseContext& context, const Line& line) {
  read_rule(context, line, RuleSet::http_response, RuleList::http_response,
            context.target<ProxyConfig>().http_response_rules);
}
void http_after_response(ParseContext& context, const Line& line) {
  read_rule(context, line, RuleSet::http_after_response, RuleList::http_after_response,
            context.target<ProxyConfig>().http_after_response_rules);
}

void read_delay(ParseContext& context, const Line& line, Timeout& delay) {
  if (!allowed_in_defaults(context, line)) return;
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  delay.reset();
  if (time->count() != 0) delay = *time;
}

void request_delay(ParseContext& context, const Line& line) {
  read_delay(context, line, context.target<ProxyConfig>().inspect_delay);
}

void response_delay(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = backend_side(context, line)) read_delay(context, line, proxy->response_inspect_delay);
}

constexpr config::SectionSet kRunning = in::proxies;

constexpr KeywordRow kRows[] = {
    {.name = "acl",
     .sections = kRunning,
     .arguments = "<name> <criterion> [flags] [operator] <value> ...",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = acl,
     .doc = "Names a test for the conditions of other lines; lines of one name are alternatives.",
     .example = "acl office src 10.0.0.0/8"},
    {.name = "http-after-response",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = http_after_response,
     .doc = "A rule about every answer that leaves, also those of weir itself.",
     .example = "http-after-response set-header strict-transport-security \"max-age=31536000\""},
    {.name = "http-request",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = http_request,
     .doc = "A rule about requests.",
     .example = "http-request deny if { path_beg /admin } !{ src 10.0.0.0/8 }"},
    {.name = "http-response",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = http_response,
     .doc = "A rule about what servers answer.",
     .example = "http-response del-header server"},
    {.name = "tcp-request connection",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = tcp_request_connection,
     .doc = "A rule about new connections, before anything is read.",
     .example = "tcp-request connection reject unless { src 10.0.0.0/8 }"},
    {.name = "tcp-request content",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = tcp_request_content,
     .doc = "A rule about the first bytes; it may wait for more of them until the inspect delay is over.",
     .example = "tcp-request content accept if RDP_COOKIE"},
    {.name = "tcp-request inspect-delay",
     .sections = kRunning,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = request_delay,
     .doc = "How long rules about content may wait for bytes.",
     .example = "tcp-request inspect-delay 2s"},
    {.name = "tcp-request session",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = tcp_request_session,
     .doc = "A rule about connections whose handshakes are over, before their bytes are looked at.",
     .example = "tcp-request session reject if { src 192.0.2.0/24 }"},
    {.name = "tcp-response content",
     .sections = kRunning,
     .arguments = "<action> [if|unless <condition>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = tcp_response_content,
     .doc = "A rule about the server's first bytes.",
     .example = "tcp-response content reject if { res.payload(0,1) -m bin ff }"},
    {.name = "tcp-response inspect-delay",
     .sections = kRunning,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = response_delay,
     .doc = "How long rules about the server's bytes may wait for them.",
     .example = "tcp-response inspect-delay 2s"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> rule_keywords{kRows};

}  // namespace weir::proxy
