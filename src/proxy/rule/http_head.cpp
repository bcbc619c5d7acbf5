// Actions that edit a message's head. Manual 4.4: add-header, del-header, replace-header, replace-value, replace-path,
// replace-pathq, replace-uri, set-header, set-method, set-path, set-pathq, set-query, set-status, set-uri, early-hint,
// strict-mode, normalize-uri.
//
// What is written goes into the exchange's texts and the head's table points there. No room is a failed rewrite: it is
// counted, and ends the exchange with an error unless strict-mode is off.
#include <fmt/format.h>

#include "proto/http/text.h"
#include "proxy/http/body.h"
#include "proxy/http/line_text.h"
#include "proxy/http/pages.h"
#include "proxy/http/phases.h"
#include "proxy/http/target.h"
#include "proxy/rule/action.h"
#include "proxy/rule/replacement.h"
#include "proxy/rule/rewriting.h"
#include "proxy/rule/tables.h"
#include "sample/pattern.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using sample::Regex;

struct FieldArgument final : ActionArgument {
  std::string name;
  FieldId id = FieldId::other;
  std::shared_ptr<const sample::LogFormat> value;
  std::optional<Regex> regex;
  [[nodiscard]] FieldName field_name() const { return FieldName(name); }
};

std::shared_ptr<FieldArgument> read_name(ActionReader& reader) {
  const config::Word* name = reader.args.expect_word("the field's name");
  if (name == nullptr) return nullptr;
  if (!is_token(name->text)) {
    reader.error(name->at, fmt::format("'{}' is no name of a field", name->text));
    return nullptr;
  }
  auto argument = std::make_shared<FieldArgument>();
  argument->name = lowered(name->text);
  argument->id = field_id(argument->name);
  return argument;
}

std::optional<Regex> read_regex(ActionReader& reader) {
  const config::Word* word = reader.args.expect_word("a regular expression");
  if (word == nullptr) return std::nullopt;
  auto regex = Regex::compile(word->text, false);
  if (!regex) {
    reader.error(word->at, regex.error().message);
    return std::nullopt;
  }
  return std::move(*regex);
}

bool parse_name_and_value(ActionReader& reader) {
  auto argument = read_name(reader);
  if (!argument) return false;
  argument->value = reader.format("the value");
  if (argument->value == nullptr) return false;
  reader.out = std::move(argument);
  return true;
}

bool parse_name_regex_value(ActionReader& reader) {
  auto argument = read_name(reader);
  if (!argument) return false;
  argument->regex = read_regex(reader);
  if (!argument->regex) return false;
  argument->value = reader.format("what takes its place");
  if (argument->value == nullptr) return false;
  reader.out = std::move(argument);
  return true;
}

Verdict add_header(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const FieldArgument*>(given);
  const auto value = line_text(session, *argument.value, context);
  if (!value || !head_of(session, context).add(argument.name, argument.id, *value)) return failed_rewrite(session);
  return Verdict::next;
}

Verdict set_header(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const FieldArgument*>(given);
  const auto value = line_text(session, *argument.value, context);  // it may look at what it replaces
  if (!value) return failed_rewrite(session);
  Head& head = head_of(session, context);
  head.remove_all(argument.field_name());
  return head.add(argument.name, argument.id, *value) ? Verdict::next : failed_rewrite(session);
}

struct RemoveArgument final : ActionArgument {
  std::string name;
  NameMatch match = NameMatch::str;
  std::optional<Regex> regex;  // instead
};

bool parse_del_header(ActionReader& reader) {
  const config::Word* name = reader.args.expect_word("the field's name");
  if (name == nullptr) return false;
  auto argument = std::make_shared<RemoveArgument>();
  if (reader.args.take("-m")) {
    static constexpr std::string_view kHow[] = {"str", "beg", "end", "sub", "reg"};
    const auto how = reader.args.expect_choice("matching method", kHow);
    if (!how) return false;
    if (kHow[*how] == "reg") {
      auto regex = Regex::compile(name->text, true);
      if (!regex) return reader.error(name->at, regex.error().message);
      argument->regex = std::move(*regex);
    } else {
      argument->match = static_cast<NameMatch>(*how);
    }
  }
  argument->name = name->text;
  reader.out = std::move(argument);
  return true;
}

bool goes(const RemoveArgument& argument, std::string_view name) {
  return argument.regex ? argument.regex->matches(name) : matches_name(name, argument.name, argument.match);
}

Verdict del_header(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const RemoveArgument*>(given);
  for (Field& field : head_of(session, context).fields())
    if (!field.removed && goes(argument, field.name)) field.removed = true;
  return Verdict::next;
}

// The whole subject is replaced when the expression finds something in it. Nothing: no match, or no room (failed).
std::optional<std::string_view> replaced(Session& session, const Regex& regex, std::string_view subject,
                                         std::string_view replacement, bool& failed) {
  Regex::Groups groups;
  if (!regex.find(subject, 0, groups)) return std::nullopt;
  std::string out;
  failed = !append_replacement(out, subject, replacement, groups, session.worker->io->buffers().buffer_size() / 2);
  if (failed) return std::nullopt;
  const auto kept = session.http->texts.copy(out);
  failed = !kept;
  return kept;
}

Verdict replace_header(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const FieldArgument*>(given);
  Head& head = head_of(session, context);
  const FieldName name = argument.field_name();
  for (Field* field = head.find(name); field != nullptr; field = head.find(name, head.index_of(field) + 1)) {
    const auto with = line_text(session, *argument.value, context);
    if (!with) return failed_rewrite(session);
    bool failed = false;
    if (const auto value = replaced(session, *argument.regex, field->value, *with, failed)) field->value = *value;
    if (failed) return failed_rewrite(session);
  }
  return Verdict::next;
}

// Each value of the comma-separated list by itself.
Verdict replace_value(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const FieldArgument*>(given);
  Head& head = head_of(session, context);
  const FieldName name = argument.field_name();
  const std::size_t most = session.worker->io->buffers().buffer_size() / 2;
  for (Field* field = head.find(name); field != nullptr; field = head.find(name, head.index_of(field) + 1)) {
    const auto with = line_text(session, *argument.value, context);
    if (!with) return failed_rewrite(session);
    std::string out;
    bool changed = false;
    for (std::size_t from = 0; from <= field->value.size();) {
      const std::size_t comma = std::min(field->value.find(',', from), field->value.size());
      const std::string_view value = trimmed(field->value.substr(from, comma - from));
      if (from != 0) out += ", ";
      Regex::Groups groups;
      if (argument.regex->find(value, 0, groups)) {
        changed = true;
        if (!append_replacement(out, value, *with, groups, most)) return failed_rewrite(session);
      } else {
        out += value;
      }
      from = comma + 1;
    }
    if (!changed) continue;
    const auto kept = session.http->texts.copy(out);
    if (!kept) return failed_rewrite(session);
    field->value = *kept;
  }
  return Verdict::next;
}

// --- the start line ---

struct TextArgument final : ActionArgument {
  std::shared_ptr<const sample::LogFormat> text;
  std::optional<Regex> regex;
};

bool parse_text(ActionReader& reader) {
  auto argument = std::make_shared<TextArgument>();
  argument->text = reader.format("the new text");
  if (argument->text == nullptr) return false;
  reader.out = std::move(argument);
  return true;
}

bool parse_regex_text(ActionReader& reader) {
  auto argument = std::make_shared<TextArgument>();
  argument->regex = read_regex(reader);
  if (!argument->regex) return false;
  argument->text = reader.format("what takes its place");
  if (argument->text == nullptr) return false;
  reader.out = std::move(argument);
  return true;
}

template <TargetPart part>
Verdict set_part(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const TextArgument*>(given);
  const auto text = line_text(session, *argument.text, context);
  if (!text || !set_target_part(*session.http, part, *text)) return failed_rewrite(session);
  return Verdict::next;
}

template <TargetPart part>
Verdict replace_part(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const TextArgument*>(given);
  const auto subject = target_part(*session.http, part);
  if (!subject) return Verdict::next;
  const auto with = line_text(session, *argument.text, context);
  if (!with) return failed_rewrite(session);
  bool failed = false;
  const auto value = replaced(session, *argument.regex, *subject, *with, failed);
  if (failed || (value && !set_target_part(*session.http, part, *value))) return failed_rewrite(session);
  return Verdict::next;
}

Verdict set_method(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto text = line_text(session, *static_cast<const TextArgument*>(given)->text, context);
  if (!text || !is_token(*text)) return failed_rewrite(session);
  session.http->request.method_text = *text;
  session.http->request.method = method_of(*text);
  return Verdict::next;
}

struct StatusArgument final : ActionArgument {
  std::uint16_t status = 0;
  std::string reason;
};

bool parse_status(ActionReader& reader) {
  const auto status = reader.args.expect_integer("the status", 100, 999);
  if (!status) return false;
  auto argument = std::make_shared<StatusArgument>();
  argument->status = static_cast<std::uint16_t>(*status);
  if (reader.args.take("reason")) {
    const config::Word* reason = reader.args.expect_word("the reason's words");
    if (reason == nullptr) return false;
    argument->reason = reason->text;
  }
  reader.out = std::move(argument);
  return true;
}

Verdict set_status(const ActionArgument* given, Session& session, sample::Context&) {
  const auto& argument = *static_cast<const StatusArgument*>(given);
  session.http->response.status = argument.status;
  session.http->response.reason =
      argument.reason.empty() ? reason_of(argument.status) : std::string_view(argument.reason);
  return Verdict::next;
}

// --- the rest ---

struct SwitchArgument final : ActionArgument {
  bool on = false;
};

bool parse_switch(ActionReader& reader) {
  constexpr std::string_view kSwitch[] = {"off", "on"};
  const auto chosen = reader.args.expect_choice("on or off", kSwitch);
  if (!chosen) return false;
  auto argument = std::make_shared<SwitchArgument>();
  argument->on = *chosen == 1;
  reader.out = std::move(argument);
  return true;
}

Verdict strict_mode(const ActionArgument* given, Session& session, sample::Context&) {
  session.http->strict_rewrites = static_cast<const SwitchArgument*>(given)->on;
  return Verdict::next;
}

Verdict disable_l7_retry(const ActionArgument*, Session& session, sample::Context&) {
  session.http->retry_forbidden = true;
  return Verdict::next;
}

// Manual: hints that follow each other are one interim answer; it leaves before anything else is said.
Verdict early_hint(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const FieldArgument*>(given);
  if (session.http->request_version == Version::http10) return Verdict::next;
  const auto value = line_text(session, *argument.value, context);
  if (!value) return failed_rewrite(session);
  std::string& unsent = session.http->response_body.unsent;  // leaves when this set of rules has been asked
  if (unsent.empty())
    unsent = "HTTP/1.1 103 Early Hints\r\n";
  else
    unsent.resize(unsent.size() - 2);
  fmt::format_to(std::back_inserter(unsent), "{}: {}\r\n\r\n", argument.name, *value);
  return Verdict::next;
}

constexpr ActionRow field_row(std::string_view name, std::uint8_t sets, bool (*parse)(ActionReader&),
                              Verdict (*apply)(const ActionArgument*, Session&, sample::Context&),
                              std::string_view arguments, std::string_view doc, std::string_view example) {
  return {.name = name,
          .sets = sets,
          .arguments = arguments,
          .parse = parse,
          .apply = apply,
          .doc = doc,
          .example = example};
}

constexpr ActionRow kRows[] = {
    field_row("add-header", rules_of::http_all, parse_name_and_value, add_header, "<name> <format>",
              "Adds a field to the head, behind those of the same name.", "http-request add-header x-from %[src]"),
    field_row("del-header", rules_of::http_all, parse_del_header, del_header, "<name> [-m str|beg|end|sub|reg]",
              "Removes all fields of a name, or those whose name matches.", "http-response del-header server"),
    field_row("disable-l7-retry", rules_of::http_request, nullptr, disable_l7_retry, "",
              "This request is not sent again when the server's answer fails.",
              "http-request disable-l7-retry if { path_beg /pay }"),
    field_row("early-hint", rules_of::http_request, parse_name_and_value, early_hint, "<name> <format>",
              "Sends the client an interim answer of status 103 with this field.",
              "http-request early-hint link \"</style.css>; rel=preload\""),
    field_row("replace-header", rules_of::http_all, parse_name_regex_value, replace_header, "<name> <regex> <format>",
              "Replaces the value of each field of a name that the expression matches; \\1 to \\9 are groups.",
              "http-request replace-header cookie foo=([^;]*);(.*) foo=\\1;ip=%bi;\\2"),
    field_row("replace-path", rules_of::http_request, parse_regex_text, replace_part<TargetPart::path>,
              "<regex> <format>", "Replaces the path, without the query, when the expression matches it.",
              "http-request replace-path (.*) /app\\1"),
    field_row("replace-pathq", rules_of::http_request, parse_regex_text, replace_part<TargetPart::pathq>,
              "<regex> <format>", "The same for the path with its query.",
              "http-request replace-pathq ([^?]*)(\\?(.*))? \\1/x\\2"),
    field_row("replace-uri", rules_of::http_request, parse_regex_text, replace_part<TargetPart::uri>,
              "<regex> <format>", "The same for the whole target, as it was sent.",
              "http-request replace-uri ^/old/(.*) /new/\\1"),
    field_row("replace-value", rules_of::http_all, parse_name_regex_value, replace_value, "<name> <regex> <format>",
              "As replace-header, for each of the values between commas.",
              "http-request replace-value x-forwarded-for ^192\\.168\\.(.*)$ 172.16.\\1"),
    field_row("set-header", rules_of::http_all, parse_name_and_value, set_header, "<name> <format>",
              "Sets a field: others of its name are removed.", "http-request set-header x-ssl 0"),
    field_row("set-method", rules_of::http_request, parse_text, set_method, "<format>", "Sets the method.",
              "http-request set-method POST"),
    field_row("set-path", rules_of::http_request, parse_text, set_part<TargetPart::path>, "<format>",
              "Sets the path; the query stays.", "http-request set-path /%[req.hdr(host)]%[path]"),
    field_row("set-pathq", rules_of::http_request, parse_text, set_part<TargetPart::pathq>, "<format>",
              "Sets the path with its query.", "http-request set-pathq /new?a=1"),
    field_row("set-query", rules_of::http_request, parse_text, set_part<TargetPart::query>, "<format>",
              "Sets the query; the path stays.", "http-request set-query %[query,regsub(%3D,=,g)]"),
    field_row("set-status", rules_of::http_response | rules_of::http_after, parse_status, set_status,
              "<status> [reason <text>]", "Sets the answer's status.",
              "http-response set-status 503 reason \"Slow Down\""),
    field_row("set-uri", rules_of::http_request, parse_text, set_part<TargetPart::uri>, "<format>",
              "Sets the whole target.", "http-request set-uri /index.html"),
    field_row("strict-mode", rules_of::http_all, parse_switch, strict_mode, "on|off",
              "Whether a rewrite that fails ends the exchange with an error.", "http-request strict-mode off"),
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> http_head_actions{kRows};

}  // namespace weir::proxy
