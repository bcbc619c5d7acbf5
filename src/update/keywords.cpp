// Keywords: `update` and `update-state-dir`, in `global` and in `dynamic-update` sections.
#include <fmt/format.h>

#include "config/arguments.h"
#include "config/parser.h"
#include "config/vocabulary.h"
#include "sample/pattern_file.h"
#include "update/config.h"

namespace weir::update {
namespace {

using namespace config::vocabulary;

constexpr Milliseconds kShortestDelay{100};
constexpr Milliseconds kLongest{Milliseconds::rep{30} * 86'400'000};
constexpr std::uint64_t kMost = std::uint64_t{256} << 20;  // as of files of patterns
constexpr std::int64_t kMostRetries = 100;

void take_time(Arguments& args, std::string_view what, Milliseconds least, Milliseconds& into) {
  const SourcePosition at = args.here();
  const auto time = args.expect_time(what);
  if (!time) return;
  if (*time < least || *time > kLongest)
    args.error_at(at, fmt::format("{} is from {} to 30d", what, least < Milliseconds(2) ? "1ms" : "100ms"));
  else
    into = *time;
}

void option_acl(ParseContext& context, UpdateConfig& update, Arguments&, const Word& word) {
  if (update.wants == UpdateConfig::Wants::map) context.error(word, "a list is a map or an ACL's, not both");
  update.wants = UpdateConfig::Wants::acl;
}

void option_ca_file(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  const Word* const file = args.next();
  update.ca_file = file->text;
  update.ca_at = file->at;
}

void option_delay(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  take_time(args, "the delay", kShortestDelay, update.delay);
}

void option_jitter(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  if (const auto percent = args.expect_integer("the jitter in percent", 0, 50))
    update.jitter = static_cast<std::uint32_t>(*percent);
}

void option_map(ParseContext& context, UpdateConfig& update, Arguments&, const Word& word) {
  if (update.wants == UpdateConfig::Wants::acl) context.error(word, "a list is a map or an ACL's, not both");
  update.wants = UpdateConfig::Wants::map;
}

void option_max_size(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  const SourcePosition at = args.here();
  const auto size = args.expect_size("the size");
  if (!size) return;
  if (*size == 0 || *size > kMost)
    args.error_at(at, "the size is from 1 byte to 256m");
  else
    update.most = *size;
}

void option_no_verify(ParseContext&, UpdateConfig& update, Arguments&, const Word&) { update.verify = false; }

void option_retries(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  if (const auto count = args.expect_integer("the number of retries", 0, kMostRetries))
    update.retries = static_cast<std::uint32_t>(*count);
}

void option_timeout(ParseContext&, UpdateConfig& update, Arguments& args, const Word&) {
  take_time(args, "the timeout", Milliseconds(1), update.timeout);
}

/// http://, https://, file:// with an absolute path, or a path.
void option_url(ParseContext& context, UpdateConfig& update, Arguments& args, const Word&) {
  const Word& word = *args.next();
  update.from = word.text;
  const std::string_view text = word.text;
  const bool file = text.starts_with("file:");
  if (file || !text.contains("://")) {
    update.local = true;
    update.path = text.starts_with("file://") ? text.substr(7) : file ? text.substr(5) : text;
    if (update.path.empty() || (text.starts_with("file://") && !update.path.starts_with('/')))
      context.error(word, fmt::format("'{}' names no file", text)).hint =
          "file:///etc/weir/hosts.map, or just the path";
    return;
  }
  auto url = proto::http::parse_url(text);
  if (url)
    update.url = std::move(*url);
  else
    context.error(word, fmt::format("'{}': {}", text, url.error().message));
}

constexpr std::string_view kExample = "update id /etc/weir/hosts.map url https://lists.example/hosts.map delay 60s map";

constexpr OptionRow<UpdateConfig> kOptions[] = {
    {.name = "acl",
     .apply = option_acl,
     .doc = "The list has one column: an ACL's.",
     .example = "update id virt@blocked url https://lists.example/blocked acl"},
    {.name = "ca-file",
     .args = 1,
     .apply = option_ca_file,
     .arguments = "<file>",
     .doc = "Trusts the certificates that these CA certificates vouch for; without it the system's.",
     .example = "update id virt@blocked url https://lists.example/blocked ca-file /etc/weir/ca.pem"},
    {.name = "delay",
     .args = 1,
     .apply = option_delay,
     .arguments = "<time>",
     .doc = "Asks again after that long, 5m by default.",
     .example = "update id virt@blocked url https://lists.example/blocked delay 60s"},
    {.name = "jitter",
     .args = 1,
     .apply = option_jitter,
     .arguments = "<percent>",
     .doc = "Each delay is by chance longer or shorter by up to that part of it, 10 by default: a farm does not ask at "
            "once.",
     .example = "update id virt@blocked url https://lists.example/blocked jitter 20"},
    {.name = "map",
     .apply = option_map,
     .doc = "The list has two columns: a map's.",
     .example = "update id /etc/weir/hosts.map url https://lists.example/hosts.map map"},
    {.name = "max-size",
     .args = 1,
     .apply = option_max_size,
     .arguments = "<size>",
     .doc = "Refuses a larger content, 64m by default.",
     .example = "update id virt@blocked url https://lists.example/blocked max-size 1m"},
    {.name = "no-verify",
     .apply = option_no_verify,
     .doc = "Trusts any certificate.",
     .example = "update id virt@blocked url https://192.0.2.1/blocked no-verify"},
    {.name = "retries",
     .args = 1,
     .apply = option_retries,
     .arguments = "<number>",
     .doc = "Tries so many times more when the source is not there or fails, 3 by default.",
     .example = "update id virt@blocked url https://lists.example/blocked retries 5"},
    {.name = "timeout",
     .args = 1,
     .apply = option_timeout,
     .arguments = "<time>",
     .doc = "How long one try may take in all, 10s by default.",
     .example = "update id virt@blocked url https://lists.example/blocked timeout 5s"},
    {.name = "url",
     .args = 1,
     .apply = option_url,
     .arguments = "<url>",
     .doc = "Where the content comes from: an http or https URL, or a file, by file:// or its path, which is watched.",
     .example = "update id virt@blocked url /etc/weir/blocked.lst delay 1s"},
};

void check_words(ParseContext& context, const UpdateConfig& update, const Line& line) {
  if (update.from.empty()) {
    context.error(line.at, fmt::format("'update id {}' has no url", update.list));
    return;
  }
  const bool tls = !update.local && update.url.tls;
  if (!update.ca_file.empty() && !tls) context.error(update.ca_at, "'ca-file' is for https");
  if (!update.ca_file.empty() && !update.verify)
    context.error(update.ca_at, "'no-verify' trusts everybody, 'ca-file' does not");
  if (!update.verify && tls)
    context.warning(line.at, fmt::format("'update id {}' trusts whoever answers: 'no-verify'", update.list));
}

void update_line(ParseContext& context, const Line& line) {
  static const config::OptionTable<UpdateConfig> options("update option", {kOptions});
  Arguments args(context, line);
  if (!args.take("id")) {
    args.error("an update begins with 'id' and the name of a list");
    return;
  }
  const Word* const name = args.expect_word("the name of a list");
  if (name == nullptr) return;
  UpdateConfig update;
  update.list = sample::parse_list_name(name->text).name;
  update.at = line.at;
  update.list_at = name->at;
  const std::size_t before = args.diagnostics().errors();
  options.parse(context, update, args);
  if (args.diagnostics().errors() == before) check_words(context, update, line);
  context.model<UpdateSections>().updates.push_back(std::move(update));
}

void state_dir(ParseContext& context, const Line& line) {
  const Word& word = line.args()[0];
  auto& sections = context.model<UpdateSections>();
  if (!word.text.starts_with('/')) {
    context.error(word, fmt::format("'{}' is no absolute path", word.text));
    return;
  }
  if (!sections.directory.empty() && sections.directory != word.text)
    context.error(word, "there is one directory for all updates").hint = fmt::format("it is {}", sections.directory);
  sections.directory = word.text;
  sections.directory_at = word.at;
}

config::Target open_section(ParseContext& context) { return config::Target::of(context.model<UpdateSections>()); }

constexpr config::SectionRow kSections[] = {
    {.name = "dynamic-update",
     .kind = config::SectionKind::dynamic_update,
     .naming = config::Naming::optional,
     .open = open_section,
     .doc = "Lists whose content comes from outside and is kept fresh.",
     .example = "dynamic-update"},
};

constexpr KeywordRow kRows[] = {
    {.name = "update",
     .sections = in::global | in::dynamic_update,
     .arguments = "id <list> url <url> [delay <time>] [timeout <time>] [retries <number>] [map | acl] [<options>]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = update_line,
     .doc = "Keeps a map or the patterns of an ACL as a URL or a file has them.",
     .example = kExample},
    {.name = "update-state-dir",
     .sections = in::global | in::dynamic_update,
     .arguments = "<directory>",
     .min_args = 1,
     .max_args = 1,
     .parse = state_dir,
     .doc = "Where the last good content of each update is kept, for a start while its source is away.",
     .example = "update-state-dir /var/lib/weir"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const config::SectionRow> update_sections{kSections};
constinit const std::span<const config::KeywordRow> update_keywords{kRows};

}  // namespace weir::update
