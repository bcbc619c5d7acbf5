#include "app/command_line.h"

#include <fmt/format.h>

#include <limits>
#include <span>
#include <string_view>

#include "base/units.h"

namespace weir::app {
namespace {

class Words {
 public:
  Words(int argc, char** argv) : words_(argv, static_cast<std::size_t>(argc)) {}
  [[nodiscard]] bool at_end() const { return next_ >= words_.size(); }
  std::string_view next() { return words_[next_++]; }
  [[nodiscard]] std::string_view peek() const { return words_[next_]; }
  Result<std::string_view> value_of(std::string_view option, std::string_view what) {
    if (at_end()) return fail(fmt::format("option '{}' needs {}", option, what));
    return next();
  }

 private:
  std::span<char*> words_;
  std::size_t next_ = 1;
};

using Apply = Result<void> (*)(CommandLine&, Words&, std::string_view option);

struct OptionRow {
  std::string_view name;
  Apply apply;
  std::string_view argument;
  std::string_view doc;
};

template <bool CommandLine::* flag>
Result<void> set(CommandLine& line, Words&, std::string_view) {
  line.*flag = true;
  return {};
}

template <std::string CommandLine::* text>
Result<void> take(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "an argument");
  if (!value) return unexpected(value.error());
  line.*text = *value;
  return {};
}

Result<void> add_file(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "a file or a directory");
  if (!value) return unexpected(value.error());
  line.files.emplace_back(*value);
  return {};
}

Result<void> add_all_files(CommandLine& line, Words& words, std::string_view) {
  while (!words.at_end()) line.files.emplace_back(words.next());
  return {};
}

Result<void> condition(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "a condition, such as 'version_atleast(3.0)'");
  if (!value) return unexpected(value.error());
  line.condition = *value;
  return {};
}

Result<void> maxconn(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "a number of connections");
  if (!value) return unexpected(value.error());
  const auto number = parse_integer(*value, 1, std::numeric_limits<std::int32_t>::max());
  if (!number) return fail(fmt::format("option '{}': {}", option, number.error().message));
  line.maxconn = static_cast<std::uint32_t>(*number);
  return {};
}

Result<void> memory(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "a number of megabytes");
  if (!value) return unexpected(value.error());
  const auto number = parse_integer(*value, 1, 1 << 30);
  if (!number) return fail(fmt::format("option '{}': {}", option, number.error().message));
  line.memory_megabytes = static_cast<std::uint64_t>(*number);
  return {};
}

Result<void> debug(CommandLine& line, Words&, std::string_view) {
  line.debug = line.foreground = true;
  return {};
}

// The list ends at the next option; an empty one is none, for "$(pidof ...)" may be empty.
template <std::vector<int> CommandLine::* Pids>
Result<void> pids(CommandLine& line, Words& words, std::string_view option) {
  while (!words.at_end() && !words.peek().starts_with('-')) {
    const std::string_view word = words.next();
    const auto pid = parse_integer(word, 1, std::numeric_limits<std::int32_t>::max());
    if (!pid) return fail(fmt::format("option '{}': '{}' is no process id", option, word));
    (line.*Pids).push_back(static_cast<int>(*pid));
  }
  return {};
}

Result<void> proxy_maxconn(CommandLine& line, Words& words, std::string_view option) {
  const auto value = words.value_of(option, "a number of connections");
  if (!value) return unexpected(value.error());
  const auto number = parse_integer(*value, 1, std::numeric_limits<std::int32_t>::max());
  if (!number) return fail(fmt::format("option '{}': {}", option, number.error().message));
  line.proxy_maxconn = static_cast<std::uint32_t>(*number);
  return {};
}

Result<void> features(CommandLine& line, Words&, std::string_view) {
  line.version = line.features = true;
  return {};
}

constexpr OptionRow kOptions[] = {
    {"--", add_all_files, "<file>...", "all further arguments are configuration files or directories"},
    {"--plan", set<&CommandLine::plan>, "", "with -c: what a reload of the running weir would change"},
    {"--reference", set<&CommandLine::reference>, "",
     "prints the reference manual: every word, from the program's tables"},
    {"--reference=html", set<&CommandLine::reference_page>, "", "the same as one page with a search box"},
    {"-C", take<&CommandLine::directory>, "<directory>", "changes to this directory first"},
    {"-D", set<&CommandLine::daemon>, "", "goes to the background"},
    {"-L", take<&CommandLine::local_peer>, "<name>", "the local peer's name instead of the host's"},
    {"-N", proxy_maxconn, "<connections>", "maxconn of frontends that have none of their own"},
    {"-V", set<&CommandLine::verbose>, "", "undoes -q and quiet: says all"},
    {"-W", set<&CommandLine::master_worker>, "", "accepted: weir reloads in place and needs no master"},
    {"-Ws", set<&CommandLine::master_worker>, "", "as -W, and tells systemd when it is ready"},
    {"-c", set<&CommandLine::check_only>, "", "checks the configuration and exits"},
    {"-cc", condition, "<condition>", "evaluates the condition of an .if and exits with 0, 1 or, on errors, 2"},
    {"-d", debug, "", "debug mode: stays in the foreground"},
    {"-dD", set<&CommandLine::diagnostic>, "", "says what is suspicious in the configuration"},
    {"-dF", set<&CommandLine::no_splice>, "", "no splice, as -dS: there is no other way around the buffers"},
    {"-dI", set<&CommandLine::insecure_fork>, "", "agrees to programs being started, as insecure-fork-wanted"},
    {"-dL", set<&CommandLine::libraries>, "", "lists the libraries that are loaded"},
    {"-dR", set<&CommandLine::no_reuseport>, "", "no SO_REUSEPORT"},
    {"-dS", set<&CommandLine::no_splice>, "", "no splice"},
    {"-dV", set<&CommandLine::no_server_verify>, "", "no certificate of a server is verified"},
    {"-dW", set<&CommandLine::zero_warning>, "", "warnings are errors"},
    {"-dZ", set<&CommandLine::no_splice>, "", "no splice, as -dS"},
    {"-db", set<&CommandLine::foreground>, "", "stays in the foreground"},
    {"-dr", set<&CommandLine::ignore_resolution_failures>, "",
     "servers whose names cannot be resolved start without an address"},
    {"-f", add_file, "<file>", "a configuration file, or a directory of *.cfg files"},
    {"-m", memory, "<megabytes>", "limits the memory of the process"},
    {"-n", maxconn, "<connections>", "the process's maxconn"},
    {"-p", take<&CommandLine::pidfile>, "<file>", "writes the process id there"},
    {"-q", set<&CommandLine::quiet>, "", "says nothing but errors"},
    {"-sf", pids<&CommandLine::finish>, "<pid>...", "tells these processes to finish, once this one serves"},
    {"-st", pids<&CommandLine::terminate>, "<pid>...", "tells these processes to end at once, once this one serves"},
    {"-v", set<&CommandLine::version>, "", "the version"},
    {"-vv", features, "", "the version, build and features"},
    {"-x", take<&CommandLine::sockets_from>, "<socket>",
     "takes the listening sockets of the process behind this runtime socket ('expose-fd listeners')"},
};

// Switches for machinery that weir does not have: accepted, and said so.
struct MeaninglessRow {
  std::string_view name;
  bool prefix;  // goes on with words of its own
  std::string_view reason;
};
constexpr MeaninglessRow kMeaningless[] = {
    {"-4", false, "names are resolved when a configuration is read, by the system"},
    {"-dG", false, "names are resolved by getaddrinfo(3) and nothing else"},
    {"-dM", true, "memory is the allocator's business"},
    {"-dT", false, "the kernel is given no TLS"},
    {"-dc", false, "workers run where 'cpu-map' says, or anywhere"},
    {"-de", false, "weir waits with epoll and nothing else"},
    {"-dk", false, "weir waits with epoll and nothing else"},
    {"-dp", false, "weir waits with epoll and nothing else"},
    {"-dv", false, "weir waits with epoll and nothing else"},
};

}  // namespace

Result<CommandLine> parse_command_line(int argc, char** argv) {
  CommandLine line;
  Words words(argc, argv);
  while (!words.at_end()) {
    const std::string_view word = words.next();
    Apply apply = nullptr;
    for (const OptionRow& row : kOptions)
      if (row.name == word) apply = row.apply;
    const MeaninglessRow* nothing = nullptr;
    for (const MeaninglessRow& row : kMeaningless)
      if (row.name == word || (row.prefix && word.starts_with(row.name))) nothing = &row;
    if (apply == nullptr && nothing != nullptr) {
      line.notices.push_back(fmt::format("'{}' changes nothing: {}", word, nothing->reason));
      continue;
    }
    if (apply == nullptr && word.starts_with("-dK")) {
      line.keyword_classes = word.substr(3);
      continue;
    }
    if (apply == nullptr) return fail(fmt::format("unknown option '{}'", word));
    if (auto done = apply(line, words, word); !done) return unexpected(done.error());
  }
  line.quiet = line.quiet && !line.verbose;
  return line;
}

std::string usage(const char* program) {
  std::string text = fmt::format("Usage: {} [-f <file|directory>]... [options]\n", program);
  for (const OptionRow& row : kOptions) {
    if (row.doc.empty()) continue;  // for those who build weir
    text += fmt::format("  {:<28}{}\n",
                        row.argument.empty() ? std::string(row.name) : fmt::format("{} {}", row.name, row.argument),
                        row.doc);
  }
  text += "  -dK<class,...>              lists the keywords of these classes; -dKhelp names the classes\n";
  return text;
}

}  // namespace weir::app
