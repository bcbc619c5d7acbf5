// Process-wide variables and the bounds on all of them. Manual 2.8; 3: set-var, set-var-fmt; 3.2: tune.vars.*.
//
// Their values are made while the file is read, so one line may use what an earlier one set. A reload sets those whose
// lines changed and leaves the others what they have become.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"
#include "sample/expression.h"
#include "sample/log_format.h"
#include "sample/variable.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using sample::VariableLimits;

// Nothing but what needs no connection.
sample::Scope scope_of_file(ParseContext& context) {
  return {.registry = &context.model<Build>().registry, .available = sample::Facts::none, .names = nullptr};
}

std::optional<sample::VariableName> read_name(Arguments& args) {
  const Word* word = args.expect_word("the name of a variable");
  if (word == nullptr) return std::nullopt;
  auto name = sample::VariableName::parse(word->text);
  if (name && name->scope == sample::VariableScope::proc) return *name;
  args.error_at(word->at, name ? fmt::format("'{}' is not process-wide: its name begins with 'proc.'", word->text)
                               : name.error().message);
  return std::nullopt;
}

void keep(ParseContext& context, const Line& line, const sample::VariableName& name, const sample::Sample& value) {
  auto& build = context.model<Build>();
  build.variables.set(name, value);
  auto kept = std::make_shared<GlobalConfig::SetVariable>();
  kept->name = name;
  kept->value.assign(value);
  kept->line = joined(line.words);
  context.target<GlobalConfig>().variables.push_back(std::move(kept));
}

sample::Context context_of(ParseContext& context, sample::Arena& arena) {
  return {.arena = arena,
          .wall_now = std::chrono::system_clock::now(),
          .now = Clock::now(),
          .process_variables = &context.model<Build>().variables,
          .final = true};
}

void set_var(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto name = read_name(args);
  const Word* word = name ? args.expect_word("the value's expression") : nullptr;
  if (word == nullptr || !args.expect_end()) return;
  const auto expression =
      sample::Expression::compile(word->text, scope_of_file(context), word->at, context.diagnostics());
  if (!expression) return;
  sample::Arena arena;
  sample::Context facts = context_of(context, arena);
  sample::Sample value;
  if (expression->evaluate(facts, value) != sample::FetchStatus::ok) {
    context.error(*word, fmt::format("'{}' has no value", word->text));
    return;
  }
  keep(context, line, *name, value);
}

void set_var_fmt(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto name = read_name(args);
  const Word* word = name ? args.expect_word("the value's format") : nullptr;
  if (word == nullptr || !args.expect_end()) return;
  const auto format = sample::LogFormat::compile(word->text, {.use = sample::FormatUse::text, .merge_spaces = false},
                                                 scope_of_file(context), word->at, context.diagnostics());
  if (!format) return;
  sample::Arena arena;
  sample::Context facts = context_of(context, arena);
  char text[4096];
  keep(context, line, *name, sample::Sample::string({text, format->format(facts, text)}));
}

template <std::uint64_t VariableLimits::* Member>
void limit(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto bytes = args.expect_size("the most bytes"))
    context.target<GlobalConfig>().variable_limits.*Member = *bytes;
}

constexpr KeywordRow kRows[] = {
    {.name = "set-var",
     .sections = in::global,
     .arguments = "<name> <expression>",
     .min_args = 2,
     .max_args = 2,
     .parse = set_var,
     .doc = "Sets a process-wide variable to the value that the expression has now.",
     .example = "set-var proc.threshold int(200)"},
    {.name = "set-var-fmt",
     .sections = in::global,
     .arguments = "<name> <format>",
     .min_args = 2,
     .max_args = 2,
     .parse = set_var_fmt,
     .doc = "Sets a process-wide variable to the text that the format makes now.",
     .example = "set-var-fmt proc.state primary-%pid"},
    global_rows::one("tune.vars.global-max-size", "<bytes>", limit<&VariableLimits::global>,
                     "The most bytes that the values of all variables may take together; 0: no limit.",
                     "tune.vars.global-max-size 1m"),
    global_rows::one("tune.vars.proc-max-size", "<bytes>", limit<&VariableLimits::proc>,
                     "The most bytes that the values of process-wide variables, and all within, may take.",
                     "tune.vars.proc-max-size 1m"),
    global_rows::one("tune.vars.reqres-max-size", "<bytes>", limit<&VariableLimits::reqres>,
                     "The most bytes that the values of one request's or response's variables may take.",
                     "tune.vars.reqres-max-size 1k"),
    global_rows::one("tune.vars.sess-max-size", "<bytes>", limit<&VariableLimits::sess>,
                     "The most bytes that the values of one session's variables, of all scopes, may take.",
                     "tune.vars.sess-max-size 4k"),
    global_rows::one("tune.vars.txn-max-size", "<bytes>", limit<&VariableLimits::txn>,
                     "The most bytes that the values of one transaction's variables, and all within, may take.",
                     "tune.vars.txn-max-size 2k"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> variable_keywords{kRows};

}  // namespace weir::proxy
