// Actions that set and unset variables. Manual 2.8, 4.4: set-var, set-var-fmt, unset-var.
#include "sample/variable.h"

#include <fmt/format.h>

#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

struct VariableArgument final : ActionArgument {
  sample::VariableName name;
  sample::VariableConditions conditions;
  sample::Expression expression;                    // set-var
  std::shared_ptr<const sample::LogFormat> format;  // set-var-fmt
};

// Manual: before there are contents a variable of a transaction would have nothing to belong to.
bool scope_allowed(ActionReader& reader, const sample::VariableName& name, SourcePosition at) {
  using sample::VariableScope;
  const bool early = reader.set == RuleSet::tcp_request_connection || reader.set == RuleSet::tcp_request_session;
  if (name.scope == VariableScope::check) return reader.error(at, "variables of scope 'check' belong to health checks");
  if (!early || name.scope == VariableScope::proc || name.scope == VariableScope::sess) return true;
  return reader.error(at, fmt::format("'{}': here only variables of the scopes proc and sess can be set", *name.text));
}

std::shared_ptr<VariableArgument> read_name(ActionReader& reader) {
  const auto parts = reader.parts();
  auto name = sample::VariableName::parse(parts[0].text);
  if (!name) {
    reader.error(parts[0].at, name.error().message);
    return nullptr;
  }
  if (!scope_allowed(reader, *name, parts[0].at)) return nullptr;
  auto argument = std::make_shared<VariableArgument>();
  argument->name = *name;
  for (std::size_t i = 1; i < parts.size(); i++) {
    if (auto added = argument->conditions.add(parts[i].text); !added) {
      reader.error(parts[i].at, added.error().message);
      return nullptr;
    }
  }
  return argument;
}

bool parse_set_var(ActionReader& reader) {
  auto argument = read_name(reader);
  if (!argument) return false;
  auto expression = reader.expression("the value");
  if (!expression) return false;
  argument->expression = std::move(*expression);
  reader.out = std::move(argument);
  return true;
}

bool parse_set_var_fmt(ActionReader& reader) {
  auto argument = read_name(reader);
  if (!argument) return false;
  argument->format = reader.format("the value's format");
  if (!argument->format) return false;
  reader.out = std::move(argument);
  return true;
}

bool parse_unset_var(ActionReader& reader) {
  if (reader.parts().size() != 1)
    return reader.error(reader.word.arguments_at, "'unset-var' takes the name of one variable");
  auto argument = read_name(reader);
  reader.out = argument;
  return argument != nullptr;
}

// A value that is not there leaves the variable as it is. COMPAT: observed on 2.6: nor is it waited for; a condition
// does that.
Verdict set_var(const ActionArgument* given, Session&, sample::Context& context) {
  const auto& argument = *static_cast<const VariableArgument*>(given);
  sample::Sample value;
  if (argument.expression.evaluate(context, value) != sample::FetchStatus::ok) return Verdict::next;
  if (argument.conditions.hold(context, argument.name, &value)) sample::set_variable(context, argument.name, value);
  return Verdict::next;
}

Verdict set_var_fmt(const ActionArgument* given, Session&, sample::Context& context) {
  const auto& argument = *static_cast<const VariableArgument*>(given);
  constexpr std::size_t kLongest = 16'384;
  const std::size_t room = std::min(kLongest, context.arena.room() / 2);
  char* text = context.arena.take(room);
  const std::size_t size = argument.format->format(context, {text, room});
  const auto value = sample::Sample::string({text, size});
  if (argument.conditions.hold(context, argument.name, &value)) sample::set_variable(context, argument.name, value);
  return Verdict::next;
}

Verdict unset_var(const ActionArgument* given, Session&, sample::Context& context) {
  sample::unset_variable(context, static_cast<const VariableArgument*>(given)->name);
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "set-var",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<name>[,<condition>...]) <expression>",
     .parse = parse_set_var,
     .apply = set_var,
     .doc = "Keeps the value of an expression under a name, when all conditions hold.",
     .example = "tcp-request content set-var(sess.user) req.rdp_cookie(mstshash)"},
    {.name = "set-var-fmt",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<name>[,<condition>...]) <format>",
     .parse = parse_set_var_fmt,
     .apply = set_var_fmt,
     .doc = "Keeps the text that a format makes under a name, when all conditions hold.",
     .example = "tcp-request content set-var-fmt(sess.from) %[src]:%[src_port]"},
    {.name = "unset-var",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<name>)",
     .parse = parse_unset_var,
     .apply = unset_var,
     .doc = "Forgets a variable.",
     .example = "tcp-request content unset-var(sess.user)"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> variable_actions{kRows};

}  // namespace weir::proxy
