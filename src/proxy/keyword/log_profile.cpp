// `log-profile` sections: the tag and the words of each step, for the `log` lines that name them. Manual: 8.3.5.
#include <fmt/format.h>

#include "proxy/keyword/build.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {

using namespace config::vocabulary;
using config::Target;

Target open_log_profile(ParseContext& context) {
  auto& build = context.model<Build>();
  if (!build.log_profile_names.claim(context.section_name(), context.section().name_at, "log-profile",
                                     context.diagnostics()))
    return {};
  LogProfile& profile = build.log_profiles.emplace_back();
  profile.name = context.section_name();
  profile.at = context.section().at;
  return Target::of(profile);
}

namespace {

void log_tag(ParseContext& context, const Line& line) { context.target<LogProfile>().tag = line.args()[0].text; }

bool take_text(Arguments& args, std::string_view what, LogText& into) {
  const Word* word = args.expect_word(what);
  if (word == nullptr) return false;
  into = {.text = word->text, .at = word->at, .program = nullptr};
  return true;
}

// Lines of one step add up; `drop` wins over what they say.
void on(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (args.peek()->text == "quic-init") {
    context.error(*args.peek(), "'quic-init' is a step of QUIC, which is not available in this version");
    return;
  }
  const auto step = args.expect_choice("log step", log_step_names());
  if (!step) return;
  LogProfile::Step& words = context.target<LogProfile>().steps[*step];
  words.written = true;
  while (!args.at_end()) {
    if (args.take("drop")) {
      words.drop = true;
    } else if (args.take("format")) {
      if (!take_text(args, "a log format", words.format)) return;
    } else if (args.take("sd")) {
      if (!take_text(args, "a format of structured data", words.structured)) return;
    } else {
      args.error(fmt::format("'drop', 'format' or 'sd' is expected instead of '{}'", args.peek()->text));
      return;
    }
  }
}

constexpr KeywordRow kRows[] = {
    {.name = "log-tag",
     .sections = in::log_profile,
     .arguments = "<tag>",
     .min_args = 1,
     .max_args = 1,
     .parse = log_tag,
     .doc = "The program's name in the header of these lines, before that of the proxy.",
     .example = "log-tag audit"},
    {.name = "on",
     .sections = in::log_profile,
     .arguments = "<step> [drop] [format <format>] [sd <format>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = on,
     .doc = "What a line of that step says, its structured data, or that there is none; 'any': steps without words of "
            "their own.",
     .example = "on close format \"%ci %s %ts\" sd \"[audit@1 bytes=\\\"%B\\\"]\""},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> log_profile_keywords{kRows};

}  // namespace weir::proxy
