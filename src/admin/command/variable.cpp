// Variables of the process on the runtime socket: `get var`, `set var`. Manual (management): get var, set var.
#include <fmt/format.h>

#include <iterator>

#include "admin/command/tables.h"
#include "admin/session.h"
#include "proxy/engine.h"
#include "sample/log_format.h"
#include "sample/variable.h"

namespace weir::admin {
namespace {

// Names are kept for the process's life: so many are no configuration any more.
constexpr std::size_t kMostVariables = 10'000;

// Looked for by its text: a name that nobody has set is not remembered.
void get_var(Call& call) {
  if (call.words.empty()) {
    call.error("Missing process-wide variable identifier.\n");
    return;
  }
  std::string line;
  call.worker.process->variables.each([&](const sample::VariableName& name, const sample::Sample& value) {
    if (*name.text != call.word(0)) return;
    sample::Arena arena;
    const auto text = sample::to_text(value, arena);
    line = fmt::format("{}: type={} value=<{}>", *name.text, sample::short_type_name(value.type()), text.value_or(""));
  });
  line.empty() ? call.error("Variable not found.\n") : void(call.out.text += line);
}

std::size_t variables_of(Call& call) {
  std::size_t count = 0;
  call.worker.process->variables.each([&](const sample::VariableName&, const sample::Sample&) { count++; });
  return count;
}

/// What may stand behind the name: an expression, alone or after `expr`, or a format after `fmt`.
struct Source {
  std::string_view text;
  bool format = false;
};

std::optional<Source> source_of(const Call& call) {
  const bool named = call.words.size() > 2 && (call.word(1) == "expr" || call.word(1) == "fmt");
  if (named) return Source{call.word(2), call.word(1) == "fmt"};
  if (call.words.size() < 2 || call.word(1) == "expr" || call.word(1) == "fmt") return std::nullopt;
  return Source{call.word(1)};
}

// The error is the answer to give.
Result<void> assign(Call& call, const sample::VariableName& name, const Source& source) {
  Diagnostics diagnostics;
  const sample::Scope scope{
      .registry = &call.control.engine().registry(), .available = sample::Facts::none, .names = nullptr};
  sample::Arena arena;
  sample::Context context{.arena = arena,
                          .wall_now = call.worker.io->wall_now(),
                          .now = call.worker.io->now(),
                          .process_variables = &call.worker.process->variables,
                          .final = true};
  const auto first_error = [&] { return fail(diagnostics.all().front().message + "."); };
  sample::Sample value;
  char text[4096];
  if (source.format) {
    const auto format = sample::LogFormat::compile(source.text, {.use = sample::FormatUse::text, .merge_spaces = false},
                                                   scope, {}, diagnostics);
    if (format == nullptr) return first_error();
    value = sample::Sample::string({text, format->format(context, text)});
  } else {
    const auto expression = sample::Expression::compile(source.text, scope, {}, diagnostics);
    if (!expression) return first_error();
    if (expression->evaluate(context, value) != sample::FetchStatus::ok) return fail("The expression has no value.");
  }
  if (!call.worker.process->variables.set(name, value)) return fail("The value is larger than tune.vars.* allow.");
  return {};
}

void set_var(Call& call) {
  if (!call.session.experimental) {
    call.error("This command is restricted to experimental mode only.\n");
    return;
  }
  if (call.words.empty()) {
    call.error("Missing process-wide variable identifier.\n");
    return;
  }
  const auto source = source_of(call);
  if (!source) {
    call.error("Missing either 'expr', 'fmt' or expression.\n");
    return;
  }
  if (!call.word(0).starts_with("proc.")) {
    call.error(fmt::format("'set var': cannot set variable '{}', only scope 'proc' is permitted here.", call.word(0)));
    return;
  }
  if (variables_of(call) >= kMostVariables) {
    call.error("There are too many process-wide variables.\n");
    return;
  }
  const auto name = sample::VariableName::parse(call.word(0));
  if (!name) {
    call.error(name.error().message + ".");
    return;
  }
  if (const auto assigned = assign(call, *name, *source); !assigned) call.error(assigned.error().message);
}

constexpr CliCommand kRows[] = {
    {.name = "get var",
     .level = Level::operator_,
     .usage = "get var <name>",
     .answer = get_var,
     .doc = "type and value of a process-wide variable"},
    {.name = "set var",
     .level = Level::operator_,
     .usage = "set var <name> [fmt|expr] {<format>|<expression>}",
     .answer = set_var,
     .doc = "sets a process-wide variable; in experimental mode"},
};

}  // namespace

constinit const std::span<const CliCommand> variable_commands{kRows};

}  // namespace weir::admin
