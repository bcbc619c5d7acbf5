#include "proxy/rule/old_rewriting.h"

#include <fmt/format.h>

#include "proto/http1/codec.h"
#include "proxy/http/phases.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/rules.h"
#include "proxy/rule/replacement.h"
#include "proxy/worker_context.h"
#include "sample/pattern.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using sample::Regex;

struct OldArgument final : ActionArgument {
  OldVerb verb = OldVerb::deny;
  std::optional<Regex> search;
  std::string text;
};

std::string start_line(const Head& head) {
  if (head.is_request) return fmt::format("{} {} {}", head.method_text, head.target, version_text(head.version));
  return fmt::format("{} {} {}", version_text(head.version), head.status, head.reason);
}

std::string line_of(const Field& field) { return fmt::format("{}: {}", field.name, field.value); }

// "Name: value" becomes a field's two texts. False: it is none.
bool set_field(HttpExchange& exchange, Field& field, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return false;
  const auto kept = exchange.texts.copy(line);
  if (!kept) return false;
  std::string_view value = kept->substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  field.name = kept->substr(0, colon);
  field.id = field_id(field.name);
  field.value = value;
  return true;
}

// The new first line is read as one that came from outside: what is none leaves the old one.
bool set_start_line(HttpExchange& exchange, Head& head, std::string_view line) {
  const auto kept = exchange.texts.copy(line);
  if (!kept) return false;
  const std::size_t first = kept->find(' ');
  const std::size_t last =
      head.is_request ? kept->rfind(' ') : kept->find(' ', first == kept->npos ? first : first + 1);
  if (first == kept->npos || last == kept->npos || last <= first) return false;
  const std::string_view middle = kept->substr(first + 1, last - first - 1);
  if (head.is_request) {
    if (middle.empty() || middle.contains(' ')) return false;
    head.method_text = kept->substr(0, first);
    head.method = method_of(head.method_text);
    head.target = middle;
    return true;
  }
  const auto status = parse_integer(middle, 100, 999);
  if (!status) return false;
  head.status = static_cast<std::uint16_t>(*status);
  head.reason = kept->substr(last + 1);
  return true;
}

// One line that the expression found. The verdict ends everything unless it is next.
Verdict act_on_line(const OldArgument& rule, Session& session, Head& head, Field* field, std::string_view line,
                    const Regex::Groups& groups) {
  HttpExchange& exchange = *session.http;
  switch (rule.verb) {
    case OldVerb::allow: return Verdict::accept;
    case OldVerb::deny: return Verdict::deny;
    case OldVerb::tarpit: return Verdict::tarpit;
    case OldVerb::del:
      if (field != nullptr) field->removed = true;
      return Verdict::next;
    case OldVerb::rep: {
      std::string with;
      const std::size_t most = session.worker->io->buffers().buffer_size() / 2;
      if (!append_replacement(with, line, rule.text, groups, most)) return Verdict::failed;
      const bool done = field != nullptr ? set_field(exchange, *field, with) : set_start_line(exchange, head, with);
      return done ? Verdict::next : Verdict::failed;
    }
    case OldVerb::pass:
    case OldVerb::add: return Verdict::next;
  }
  return Verdict::next;
}

constexpr std::size_t kStartLine = 0;

Verdict ask_lines(const OldArgument& rule, Session& session, Head& head) {
  PassedLines& passed = session.http->passed;
  Regex::Groups groups;
  if (!passed.has(kStartLine)) {
    const std::string line = start_line(head);
    if (rule.search->find(line, 0, groups)) {
      if (rule.verb == OldVerb::pass) passed.add(kStartLine);
      if (const Verdict verdict = act_on_line(rule, session, head, nullptr, line, groups); verdict != Verdict::next)
        return verdict;
    }
  }
  const auto fields = head.fields();
  for (std::size_t i = 0; i < fields.size(); i++) {
    if (fields[i].removed || passed.has(i + 1)) continue;
    const std::string line = line_of(fields[i]);
    if (!rule.search->find(line, 0, groups)) continue;
    if (rule.verb == OldVerb::pass) passed.add(i + 1);
    if (const Verdict verdict = act_on_line(rule, session, head, &fields[i], line, groups); verdict != Verdict::next)
      return verdict;
  }
  return Verdict::next;
}

Verdict apply(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& rule = *static_cast<const OldArgument*>(given);
  HttpExchange& exchange = *session.http;
  Head& head = context.in_response ? exchange.response : exchange.request;
  if (rule.verb == OldVerb::add) {
    Field added;
    if (!set_field(exchange, added, rule.text) || !head.add(added.name, added.id, added.value)) return Verdict::failed;
    return Verdict::next;
  }
  const Verdict verdict = ask_lines(rule, session, head);
  if (verdict != Verdict::deny && verdict != Verdict::tarpit) return verdict;
  exchange.answer = {};
  const std::uint16_t status = context.in_response ? 502 : verdict == Verdict::tarpit ? 500 : 403;
  exchange.answer.reply = &page_of(session, status);
  return verdict;
}

constexpr ActionRow kRow = {.name = "(old rewriting)",
                            .sets = rules_of::http,
                            .apply = apply,
                            .doc = "A rule of the old rewriting.",
                            .example = "reqdeny ^Host:\\ evil"};

}  // namespace

bool read_old_rule(config::ParseContext& context, const config::Line& line, OldVerb verb, bool ignore_case,
                   bool response) {
  config::Arguments args(context, line);
  auto argument = std::make_shared<OldArgument>();
  argument->verb = verb;
  if (verb != OldVerb::add) {
    const config::Word* search = args.expect_word("a regular expression");
    if (search == nullptr) return false;
    auto regex = Regex::compile(search->text, ignore_case);
    if (!regex) {
      context.error(*search, regex.error().message);
      return false;
    }
    argument->search = std::move(*regex);
  }
  if (verb == OldVerb::add || verb == OldVerb::rep) {
    const config::Word* text = args.expect_word("the line");
    if (text == nullptr) return false;
    argument->text = text->text;
  }
  auto& proxy = context.target<ProxyConfig>();
  Rule rule{.action = &kRow, .argument = std::move(argument), .condition = {}, .at = line.at};
  if (!read_condition(context, args, response ? Place::response : Place::request, rule.condition)) return false;
  rule.number = number_rule(proxy, response ? RuleList::old_response : RuleList::old_request, line);
  (response ? proxy.old_response_rules : proxy.old_request_rules).push_back(std::move(rule));
  return true;
}

}  // namespace weir::proxy
