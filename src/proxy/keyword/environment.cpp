// setenv, presetenv, unsetenv, resetenv: they act on the next line, on the parse's own copy. Manual: 3.1.
#include <fmt/format.h>

#include "config/environment.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

bool good_name(ParseContext& context, const Word& word) {
  if (config::Environment::is_valid_name(word.text)) return true;
  context.error(word, fmt::format("'{}' is no name of a variable", word.text)).hint =
      "letters, digits and underscores, not beginning with a digit";
  return false;
}

void setenv_line(ParseContext& context, const Line& line) {
  if (good_name(context, line.args()[0])) context.environment().set(line.args()[0].text, line.args()[1].text);
}
void presetenv(ParseContext& context, const Line& line) {
  if (good_name(context, line.args()[0])) context.environment().set_if_absent(line.args()[0].text, line.args()[1].text);
}
void unsetenv_line(ParseContext& context, const Line& line) {
  for (const Word& word : line.args())
    if (good_name(context, word)) context.environment().unset(word.text);
}
void resetenv(ParseContext& context, const Line& line) {
  std::vector<std::string_view> names;
  for (const Word& word : line.args())
    if (good_name(context, word)) names.push_back(word.text);
  context.environment().keep_only(names);
}

constexpr KeywordRow kRows[] = {
    {.name = "presetenv",
     .sections = in::global,
     .arguments = "<name> <value>",
     .min_args = 2,
     .max_args = 2,
     .parse = presetenv,
     .doc = "Sets a variable that is not set yet.",
     .example = "presetenv PORT 3389"},
    {.name = "resetenv",
     .sections = in::global,
     .arguments = "[<name> ...]",
     .max_args = config::kAnyArgs,
     .parse = resetenv,
     .doc = "Removes all variables but these.",
     .example = "resetenv PATH TZ"},
    {.name = "setenv",
     .sections = in::global,
     .arguments = "<name> <value>",
     .min_args = 2,
     .max_args = 2,
     .parse = setenv_line,
     .doc = "Sets a variable.",
     .example = "setenv PORT 3389"},
    {.name = "unsetenv",
     .sections = in::global,
     .arguments = "<name> ...",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = unsetenv_line,
     .doc = "Removes variables.",
     .example = "unsetenv SECRET"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> environment_keywords{kRows};

}  // namespace weir::proxy
