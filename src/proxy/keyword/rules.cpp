// ACLs and the rules that look at a connection and at its first bytes. Manual: 4.2 (acl, tcp-request), 7.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {
namespace {

using config::Arguments;
using config::KeywordRow;
using config::Line;
using config::ParseContext;
using config::Word;
namespace in = config::in;

void acl(ParseContext& context, const Line& line) {
  auto& proxy = context.target<ProxyConfig>();
  const auto words = sample_words(line.args());
  const sample::Scope scope{.registry = &context.model<Build>().registry};
  if (!proxy.acls.define(words, scope, context.diagnostics())) return;
  // What pattern files hold is part of what the line says.
  if (!std::ranges::any_of(line.args(), [](const Word& word) { return word.text == "-f"; })) return;
  if (const auto named = proxy.acls.find(words[0].text, scope); named && !named->tests.empty())
    proxy.lines.push_back(named->tests.back().text());
}

const ActionRow* find_action(ParseContext& context, const Word& word, RuleSet set, std::string_view set_name) {
  std::vector<std::string_view> names;
  for (const ActionRow& row : tcp_actions) {
    if ((row.sets & static_cast<std::uint8_t>(set)) == 0) continue;
    if (row.name == word.text) return &row;
    names.push_back(row.name);
  }
  auto& wrong = context.error(word, fmt::format("'{}' has no action '{}'", set_name, word.text));
  if (const auto near = nearest_word(word.text, names); !near.empty()) {
    wrong.hint = fmt::format("did you mean '{}'?", near);
    return nullptr;
  }
  wrong.hint = "in this version there are";
  for (const auto name : names) wrong.hint += fmt::format("{} {}", name == names.front() ? "" : ",", name);
  return nullptr;
}

void read_rule(ParseContext& context, const Line& line, RuleSet set, Place place, std::vector<Rule>& into) {
  Arguments args(context, line);
  const Word& word = *args.next();
  Rule rule;
  rule.at = word.at;
  rule.action = find_action(context, word, set, context.row()->name);
  if (rule.action == nullptr) return;
  if (rule.action->parse != nullptr && !rule.action->parse(context, args, rule.argument)) return;
  if (!read_condition(context, args, place, rule.condition)) return;
  into.push_back(std::move(rule));
}

void tcp_request_connection(ParseContext& context, const Line& line) {
  if (ProxyConfig* proxy = frontend_side(context, line))
    read_rule(context, line, RuleSet::tcp_request_connection, Place::connection, proxy->connection_rules);
}

void tcp_request_content(ParseContext& context, const Line& line) {
  read_rule(context, line, RuleSet::tcp_request_content, Place::request, context.target<ProxyConfig>().content_rules);
}

void inspect_delay(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  Timeout& delay = context.target<ProxyConfig>().inspect_delay;
  delay.reset();
  if (time->count() != 0) delay = *time;
}

constexpr config::SectionSet kRunning = in::frontends | in::backends;

constexpr KeywordRow kRows[] = {
    {.name = "acl",
     .sections = kRunning,
     .arguments = "<name> <criterion> [flags] [operator] <value> ...",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = acl,
     .doc = "Names a test for the conditions of other lines; lines of one name are alternatives.",
     .example = "acl office src 10.0.0.0/8"},
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
     .parse = inspect_delay,
     .doc = "How long rules about content may wait for bytes.",
     .example = "tcp-request inspect-delay 2s"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> rule_keywords{kRows};

}  // namespace weir::proxy
