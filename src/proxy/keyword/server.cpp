// `server` and `default-server`: the lines. What their options say is in server_options.cpp. Manual: 4.2, 5.2.
//
// A default-server line is a server without a name: a server line starts as a copy of it, so "the line, else the
// default" needs no rule of its own.
#include <fmt/format.h>

#include "base/units.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/server_options.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

void add_words(std::vector<std::string>& words, std::span<const Word> from) {
  for (const Word& word : from) words.push_back(word.text);
}

bool read_server_address(Arguments& args, const Word& word, ServerConfig& server) {
  auto spec = parse_address(word.text);
  if (!spec) {
    args.error_at(word.at, fmt::format("'{}' is no address: {}", word.text, spec.error().message));
    return false;
  }
  if (spec->datagram || spec->address.family() == AddressFamily::fd) {
    args.error_at(word.at, fmt::format("'{}' is no address to connect to", word.text));
    return false;
  }
  if (!spec->port_is_offset && spec->last_port != spec->address.port()) {
    args.error_at(word.at, fmt::format("'{}' is a range of ports, a server has one", word.text));
    return false;
  }
  if (spec->address.is_unix() && spec->address.path().size() >= io::kMaxUnixPath) {
    args.error_at(word.at, fmt::format("the path '{}' is too long", word.text)).hint =
        fmt::format("at most {} characters", io::kMaxUnixPath - 1);
    return false;
  }
  const bool inet = !spec->address.is_unix();
  server.port_from_client = inet && (!spec->has_port || spec->port_is_offset || spec->address.port() == 0);
  server.port_offset = spec->port_is_offset ? spec->port_offset : 0;
  server.address = spec->address;
  server.spec = std::move(*spec);
  return true;
}

// What the words say, with the defaults applied; the name is the caller's.
ServerConfig started(const ProxyConfig& proxy, const Line& line) {
  const ServerConfig* preset = proxy.settings.default_server.get();
  ServerConfig server = preset != nullptr ? *preset : ServerConfig();
  server.at = line.at;
  server.words.clear();
  add_words(server.words, line.args());
  server.signature = joined(line.words);
  if (preset != nullptr) {
    server.words.insert(server.words.end(), preset->words.begin(), preset->words.end());
    for (const std::string& word : preset->words) server.signature += fmt::format("\n{}", word);
  }
  return server;
}

// The address and the options behind the name.
void read_server(ParseContext& context, Arguments& args, ServerConfig& server) {
  args.set_subject(fmt::format("server '{}'", server.name));
  const Word* address = args.peek();
  if (address == nullptr || server_options().find(address->text) != nullptr) {
    auto& wrong = args.error(address == nullptr
                                 ? std::string("the address is missing")
                                 : fmt::format("'{}' is an option: the address before it is missing", address->text));
    wrong.hint = "an address and a port follow the name";
    wrong.example =
        fmt::format("server {} 192.0.2.11:3389{}{}", server.name, args.at_end() ? "" : " ", joined(args.rest()));
  } else {
    args.next();
    read_server_address(args, *address, server);
  }
  server_options().parse(context, server, args);
}

void server(ParseContext& context, const Line& line) {
  auto& proxy = context.target<ProxyConfig>();
  Arguments args(context, line);
  const std::size_t before = context.diagnostics().errors();
  ServerConfig server = started(proxy, line);
  const Word* name = args.expect_name("the server's name");
  if (name == nullptr) return;
  server.name = name->text;
  read_server(context, args, server);
  if (context.diagnostics().errors() == before) proxy.servers.push_back(std::move(server));
}

struct Suffixes {
  std::int64_t first = 1;
  std::int64_t last = 0;
};

// "3" is 1 to 3, "5-9" is 5 to 9.
std::optional<Suffixes> read_suffixes(Arguments& args) {
  constexpr std::int64_t kMostServers = 100'000;
  const Word* word = args.expect_word("the number of servers");
  if (word == nullptr) return std::nullopt;
  const std::string_view text = word->text;
  const auto dash = text.find('-');
  const auto last = parse_integer(dash == text.npos ? text : text.substr(dash + 1), 0, INT32_MAX);
  const auto first = dash == text.npos ? Result<std::int64_t>(1) : parse_integer(text.substr(0, dash), 0, INT32_MAX);
  if (!first || !last || *last < *first) {
    args.error_at(word->at, fmt::format("'{}' is no number of servers", text)).hint =
        "a number, or a range such as 5-9";
    return std::nullopt;
  }
  if (*last - *first >= kMostServers) {
    args.error_at(word->at, fmt::format("'{}' are too many servers", text)).hint =
        fmt::format("at most {}", kMostServers);
    return std::nullopt;
  }
  return Suffixes{*first, *last};
}

void server_template(ParseContext& context, const Line& line) {
  auto& proxy = context.target<ProxyConfig>();
  Arguments args(context, line);
  const std::size_t before = context.diagnostics().errors();
  ServerConfig pattern = started(proxy, line);
  const Word* prefix = args.expect_name("the beginning of the servers' names");
  if (prefix == nullptr) return;
  const auto suffixes = read_suffixes(args);
  if (!suffixes) return;
  pattern.name = fmt::format("{}{}", prefix->text, suffixes->first);
  read_server(context, args, pattern);
  if (context.diagnostics().errors() != before) return;
  const std::string signature = pattern.signature;
  for (std::int64_t number = suffixes->first; number <= suffixes->last; number++) {
    pattern.name = fmt::format("{}{}", prefix->text, number);
    pattern.signature = fmt::format("{}\n{}", signature, pattern.name);
    proxy.servers.push_back(pattern);
  }
}

void default_server(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = backend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const ServerConfig* before = proxy->settings.default_server.get();
  auto preset = std::make_shared<ServerConfig>(before != nullptr ? *before : ServerConfig());
  add_words(preset->words, line.args());
  default_server_options().parse(context, *preset, args);
  proxy->settings.default_server = std::move(preset);
}

constexpr KeywordRow kRows[] = {
    {.name = "default-server",
     .sections = in::any_backend,
     .arguments = "<options>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = default_server,
     .doc = "Options of the server lines that follow.",
     .example = "default-server inter 3s rise 2 fall 3"},
    {.name = "server",
     .sections = in::backends,
     .arguments = "<name> <address>[:<port>] [options]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = server,
     .doc = "A server of the backend.",
     .example = "server srv01 192.0.2.11:3389 weight 10 check"},
    {.name = "server-template",
     .sections = in::backends,
     .arguments = "<prefix> <number>|<first>-<last> <address>[:<port>] [options]",
     .min_args = 3,
     .max_args = config::kAnyArgs,
     .parse = server_template,
     .doc = "Servers of the backend that are alike: their names are the prefix and a number.",
     .example = "server-template desk 1-3 192.0.2.11:3389 check"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> server_keywords{kRows};

}  // namespace weir::proxy
