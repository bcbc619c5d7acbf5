// layers: config base
// Any text through lexer, conditional blocks, sections and dispatch of a small made-up language. Nothing may crash, and
// whatever is wrong must be reported rather than passed to a keyword function with too few words.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/arguments.h"
#include "config/parser.h"

namespace {

using namespace weir;
using namespace weir::config;

struct Object {
  std::int64_t value = 0;
};

Target open_object(ParseContext& context) { return Target::of(context.model<Object>()); }

void integer(ParseContext& context, const Line& line) {
  WEIR_ASSERT(line.args().size() == 1 || context.negated());
  Arguments args(context, line);
  if (const auto value = args.expect_integer("a number", 0, 100)) context.target<Object>().value = *value;
}

void apply_time(ParseContext&, Object& object, Arguments& args, const Word&) {
  if (const auto value = args.expect_time("a time")) object.value = value->count();
}
void apply_address(ParseContext&, Object&, Arguments& args, const Word&) { args.expect_address("an address"); }

constexpr OptionRow<Object> kOptions[] = {{.name = "inter", .args = 1, .apply = apply_time},
                                          {.name = "addr", .args = 1, .apply = apply_address},
                                          dropped_option<Object>("proto", 1, "it is negotiated")};

void options(ParseContext& context, const Line& line) {
  static const OptionTable<Object> table("option", {kOptions});
  Arguments args(context, line);
  table.parse(context, context.target<Object>(), args);
}

void set_variable(ParseContext& context, const Line& line) {
  context.environment().set(line.args()[0].text, line.args()[1].text);
}

constexpr SectionRow kSections[] = {
    {.name = "global", .kind = SectionKind::global, .open = open_object},
    {.name = "defaults",
     .kind = SectionKind::defaults,
     .naming = Naming::optional,
     .takes_from = true,
     .is_defaults = true,
     .open = open_object},
    {.name = "frontend",
     .kind = SectionKind::frontend,
     .naming = Naming::required,
     .takes_from = true,
     .open = open_object},
};
constexpr KeywordRow kRows[] = {
    {.name = "maxconn",
     .sections = in::global | in::any_frontend,
     .min_args = 1,
     .max_args = 1,
     .accepts = accepts::no_prefix,
     .parse = integer,
     .doc = "d",
     .example = "maxconn 1"},
    {.name = "bind", .sections = in::frontend, .max_args = kAnyArgs, .parse = options, .doc = "d", .example = "bind"},
    {.name = "bind process",
     .sections = in::frontend,
     .max_args = kAnyArgs,
     .accepts = accepts::once,
     .parse = options,
     .doc = "d",
     .example = "bind process"},
    {.name = "setenv",
     .sections = in::global,
     .min_args = 2,
     .max_args = 2,
     .parse = set_variable,
     .doc = "d",
     .example = "setenv A b"},
    dropped("nbproc", in::global, "one process", "nbthread 4"),
    no_meaning("noepoll", in::global, "only epoll"),
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::span<const SectionRow> kSectionLists[] = {kSections};
  static constexpr std::span<const KeywordRow> kKeywordLists[] = {kRows};
  static const KeywordTable table(kSectionLists, kKeywordLists);
  const std::string text = size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  Environment environment;
  environment.define({});
  Object object;
  Parser parser(table, diagnostics, environment);
  parser.provide(object);
  parser.parse_text("fuzz.cfg", text);
  static_cast<void>(diagnostics.render(Severity::diag));
  std::string message;
  static_cast<void>(condition_exit_status(text.substr(0, 4096), {}, environment, message));
  return 0;
}
