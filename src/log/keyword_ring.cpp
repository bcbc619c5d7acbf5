// Keywords of the `ring` section. Manual: 12.5.
#include <algorithm>

#include "config/arguments.h"
#include "config/parser.h"
#include "config/vocabulary.h"
#include "log/keywords.h"

namespace weir::log {
namespace {

using namespace config::vocabulary;

config::Target open_ring_section(ParseContext& context) {
  auto& sections_model = context.model<RingSections>();
  if (!sections_model.names.claim(context.section_name(), context.section().name_at, "ring", context.diagnostics())) {
    return {};
  }
  RingConfig& ring = sections_model.rings.emplace_back();
  ring.name = context.section_name();
  ring.at = context.section().at;
  return config::Target::of(ring);
}

void close_ring_section(ParseContext& context) {
  const auto& ring = context.target<RingConfig>();
  if (ring.size < ring.maxlen) {
    context.warning(ring.at, "ring '" + ring.name + "' is smaller than its longest message: it holds one at a time")
        .hint = "raise 'size' to a multiple of 'maxlen'";
  }
  if (!ring.servers.empty() && (!ring.timeout_connect || !ring.timeout_server)) {
    context
        .warning(ring.at, "ring '" + ring.name + "' has servers and not both of 'timeout connect' and 'timeout server'")
        .hint = "without them a silent server holds messages back for as long as the kernel waits";
  }
}

void description(ParseContext& context, const Line& line) {
  std::string& text = context.target<RingConfig>().description;
  text.clear();
  for (const Word& word : line.args()) text += (text.empty() ? "" : " ") + word.text;
}

void format(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto chosen = args.expect_choice("log format", proto::syslog_format_names())) {
    context.target<RingConfig>().format = static_cast<Format>(*chosen);
  }
}

void maxlen(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto length = args.expect_integer("length", 1, kMaxLength)) {
    context.target<RingConfig>().maxlen = static_cast<std::uint32_t>(*length);
  }
}

void size(ParseContext& context, const Line& line) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  const Word& word = line.args()[0];
  const auto bytes = parse_size(word.text);
  if (!bytes) {
    context.error(word, "'" + word.text + "': " + bytes.error().message);
  } else if (*bytes == 0 || *bytes > kMost) {
    context.error(word, "a ring's size is from 1 byte to 4g, not '" + word.text + "'");
  } else {
    context.target<RingConfig>().size = *bytes;
  }
}

void set_timeout(ParseContext& context, const Line& line, Timeout& into) {
  const Word& word = line.args()[0];
  const auto time = parse_time(word.text);
  if (time) {
    into = *time;
  } else {
    context.error(word, "'" + word.text + "': " + time.error().message);
  }
}

void timeout_connect(ParseContext& context, const Line& line) {
  set_timeout(context, line, context.target<RingConfig>().timeout_connect);
}
void timeout_server(ParseContext& context, const Line& line) {
  set_timeout(context, line, context.target<RingConfig>().timeout_server);
}

void log_proto(ParseContext&, RingServerConfig& into, Arguments& args, const Word&) {
  static constexpr std::string_view kProtocols[] = {"legacy", "octet-count"};
  if (const auto chosen = args.expect_choice("log protocol", kProtocols)) into.octet_count = *chosen == 1;
}

constexpr config::OptionRow<RingServerConfig> kServerOptions[] = {
    {.name = "log-proto",
     .args = 1,
     .apply = log_proto,
     .arguments = "<protocol>",
     .doc =
         "How messages are told apart: 'legacy' ends each with a line feed, 'octet-count' begins it with its length.",
     .example = "server logs 127.0.0.1:6514 log-proto octet-count"},
    config::dropped_option<RingServerConfig>("ssl", 0, "rings are forwarded in clear",
                                             "a TLS relay on the loopback address"),
    config::dropped_option<RingServerConfig>("check", 0, "a ring's server is known to work while it takes messages"),
};

void server(ParseContext& context, const Line& line) {
  static const config::OptionTable<RingServerConfig> options("ring server option", {kServerOptions});
  Arguments args(context, line);
  RingServerConfig made;
  made.at = line.at;
  const Word* name = args.expect_name("server name");
  if (name == nullptr) return;
  made.name = name->text;
  auto& ring = context.target<RingConfig>();
  if (std::ranges::any_of(ring.servers, [&](const auto& other) { return other.name == made.name; })) {
    context.error(*name, "ring '" + ring.name + "' has a server '" + made.name + "' already");
  }
  const Word* word = args.peek();
  const auto address = args.expect_address("address");
  if (!address) return;
  if (address->address.family() == AddressFamily::fd || address->datagram || address->port_is_offset ||
      (!address->address.is_unix() && address->address.port() == 0) || address->last_port != address->address.port()) {
    context.error(*word, "'" + word->text + "': a ring's server is a stream address with one port");
  }
  made.address = address->address;
  made.host = address->host;
  options.parse(context, made, args);
  ring.servers.push_back(std::move(made));
}

constexpr config::SectionRow kSections[] = {
    {.name = "ring",
     .kind = config::SectionKind::ring,
     .naming = config::Naming::required,
     .open = open_ring_section,
     .close = close_ring_section,
     .doc = "A buffer of log lines in memory, for 'log ring@<name>', 'show events' and forwarding over TCP.",
     .example = "ring events"},
};

constexpr KeywordRow kRows[] = {
    config::dropped("backing-file", in::ring, "rings live in memory only", "a 'server' that stores what it is sent"),
    {.name = "description",
     .sections = in::ring,
     .arguments = "<text>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = description,
     .doc = "Says what the ring is for, in the list of 'show events'.",
     .example = "description \"lines for the audit\""},
    {.name = "format",
     .sections = in::ring,
     .arguments = "<format>",
     .min_args = 1,
     .max_args = 1,
     .parse = format,
     .doc = "The header of the lines as they are stored; without it they have none.",
     .example = "format rfc5424"},
    {.name = "maxlen",
     .sections = in::ring,
     .arguments = "<length>",
     .min_args = 1,
     .max_args = 1,
     .parse = maxlen,
     .doc = "Cuts longer lines, header included.",
     .example = "maxlen 1200"},
    {.name = "server",
     .sections = in::ring,
     .arguments = "<name> <address> [log-proto <protocol>]",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = server,
     .doc = "A log server that is sent all lines over TCP or a Unix stream socket.",
     .example = "server logs 127.0.0.1:6514 log-proto octet-count"},
    {.name = "size",
     .sections = in::ring,
     .arguments = "<size>",
     .min_args = 1,
     .max_args = 1,
     .parse = size,
     .doc = "How many bytes the ring holds.",
     .example = "size 32764"},
    {.name = "timeout connect",
     .sections = in::ring,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = timeout_connect,
     .doc = "Gives up a connection attempt to a ring's server after that long.",
     .example = "timeout connect 5s"},
    {.name = "timeout server",
     .sections = in::ring,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = timeout_server,
     .doc = "Connects anew when a ring's server takes nothing for that long.",
     .example = "timeout server 10s"},
};
static_assert(config::well_formed(kRows));

constexpr std::span<const KeywordRow> kTables[] = {kRows};

}  // namespace

constinit const std::span<const config::SectionRow> sections{kSections};
constinit const std::span<const std::span<const config::KeywordRow>> keywords{kTables};

}  // namespace weir::log
