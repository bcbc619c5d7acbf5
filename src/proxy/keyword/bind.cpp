// `bind`: where a frontend listens. Also the address and options of `stats socket`. Manual: 4.2 (bind), 5.1.
//
// A word that is an option cannot be an address: articles leave addresses out, and "bind name rdp" would otherwise
// listen on whatever "name" resolves to.
#include "proxy/keyword/bind.h"

#include <fmt/format.h>

#include "base/parts.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_protocol.h"
#include "proxy/keyword/tables.h"
#include "resolve/start.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

using Row = OptionRow<BindConfig>;
constexpr std::int64_t kMostId = 4'294'967'294;
constexpr unsigned kMostThreadsInBind = 256;

void name(ParseContext&, BindConfig& bind, Arguments& args, const Word&) { bind.name = args.next()->text; }
void id(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the id", 1, INT32_MAX)) bind.id = static_cast<std::uint32_t>(*number);
}
void maxconn(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the number of connections", 0, 1'000'000'000))
    bind.maxconn = static_cast<std::uint32_t>(*number);
}
void backlog(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the backlog", 0, INT32_MAX))
    bind.options.backlog = static_cast<int>(*number);
}
void interface(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  bind.options.interface = args.next()->text;
}
void v4v6(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.options.v4v6 = true; }
void v6only(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.options.v6only = true; }
void tfo(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.options.tcp_fast_open = true; }
void defer_accept(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.options.defer_accept = true; }
void transparent(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.options.transparent = true; }
void guid_prefix(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const Word* word = expect_guid(args)) bind.guid_prefix = word->text;
}

void tcp_ut(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) bind.options.tcp_user_timeout = *time;
}
void tcp_ss(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto mode = args.expect_integer("the mode", 0, 2)) bind.options.save_syn = static_cast<int>(*mode);
}
void mss(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  const auto size = args.expect_integer("the segment size", -65'535, 65'535);
  if (!size) return;
  if (*size == 0)
    args.error("a segment size of 0 is none");
  else
    bind.options.max_segment = static_cast<int>(*size);
}
void proto(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  static constexpr std::string_view kSpoken[] = {"h1", "none"};
  if (const auto spoken = args.expect_choice("protocol", kSpoken))
    bind.spoken = *spoken == 0 ? BindConfig::Spoken::http1 : BindConfig::Spoken::bytes;
}
void mode(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto value = expect_mode(args)) bind.options.mode = *value;
}
void user(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto value = user_id(args)) bind.options.owner = *value;
}
void group(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto value = group_id(args)) bind.options.group = *value;
}
void uid(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the id", 0, kMostId)) bind.options.owner = static_cast<uid_t>(*value);
}
void gid(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the id", 0, kMostId)) bind.options.group = static_cast<gid_t>(*value);
}
void level(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  static constexpr std::string_view kLevels[] = {"user", "operator", "admin"};
  if (const auto chosen = args.expect_choice("level", kLevels)) bind.cli_level = kLevels[*chosen];
}
void severity_output(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  static constexpr std::string_view kFormats[] = {"none", "number", "string"};
  if (const auto chosen = args.expect_choice("format of severities", kFormats)) bind.cli_severity = kFormats[*chosen];
}
// Several parts, each with its group or without; not both on one line.
void thread(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  const Word& word = *args.next();
  for (const std::string_view part : Parts(word.text, ',')) {
    const auto slash = part.find('/');
    ThreadChoice choice;
    if (slash != part.npos) {
      const auto group = parse_number_set(part.substr(0, slash), kMostThreadGroups);
      if (!group || group->size() != 1) {
        args.error_at(word.at, fmt::format("'{}' names no group of threads", part)).hint = "write it like 1/1-4";
        return;
      }
      choice.group = group->first;
    }
    const auto set = parse_number_set(slash == part.npos ? part : part.substr(slash + 1), kMostThreadsInBind);
    if (!set) {
      args.error_at(word.at, fmt::format("'{}' names no threads: {}", part, set.error().message));
      return;
    }
    choice.threads = *set;
    if (!bind.threads.empty() && (bind.threads.front().group == 0) != (choice.group == 0)) {
      args.error_at(word.at, "threads are numbered within groups or within the process, not both on one line");
      return;
    }
    bind.threads.push_back(choice);
  }
}
void expose_fd(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  static constexpr std::string_view kWhat[] = {"listeners"};
  if (args.expect_choice("kind of descriptors", kWhat)) bind.cli_expose_fd = true;
}

constexpr Row kOptions[] = {
    {.name = "backlog",
     .args = 1,
     .apply = backlog,
     .arguments = "<connections>",
     .doc = "How many connections the system may hold ready to be accepted.",
     .example = "bind :3389 backlog 10000"},
    {.name = "defer-accept",
     .apply = defer_accept,
     .doc = "Accepts a connection only once it has sent something.",
     .example = "bind :3389 defer-accept"},
    {.name = "gid",
     .args = 1,
     .apply = gid,
     .arguments = "<id>",
     .doc = "The group of a Unix socket, by number.",
     .example = "bind /run/rdp.sock gid 30"},
    {.name = "group",
     .args = 1,
     .apply = group,
     .arguments = "<group>",
     .doc = "The group of a Unix socket.",
     .example = "bind /run/rdp.sock group adm"},
    {.name = "guid-prefix",
     .args = 1,
     .apply = guid_prefix,
     .arguments = "<guid>",
     .doc = "Names for its addresses that nothing else in the configuration bears: <guid>-0, <guid>-1 ...",
     .example = "bind 192.0.2.1:3389 guid-prefix rdp"},
    {.name = "id",
     .args = 1,
     .apply = id,
     .arguments = "<number>",
     .doc = "The listener's number in statistics.",
     .example = "bind :3389 id 7"},
    {.name = "interface",
     .args = 1,
     .apply = interface,
     .arguments = "<interface>",
     .doc = "Takes connections of that interface only.",
     .example = "bind :3389 interface eth0"},
    {.name = "maxconn",
     .args = 1,
     .apply = maxconn,
     .arguments = "<connections>",
     .doc = "How many sessions of these addresses may run at once.",
     .example = "bind :3389 maxconn 100"},
    {.name = "mode",
     .args = 1,
     .apply = mode,
     .arguments = "<mode>",
     .doc = "The file mode of a Unix socket.",
     .example = "bind /run/rdp.sock mode 660"},
    {.name = "mss",
     .args = 1,
     .apply = mss,
     .arguments = "<bytes>",
     .doc = "The largest segment to announce; negative: that much less than usual.",
     .example = "bind :3389 mss 1400"},
    {.name = "name",
     .args = 1,
     .apply = name,
     .arguments = "<name>",
     .doc = "The listener's name in statistics.",
     .example = "bind 192.0.2.1:3389 name rdp"},
    {.name = "proto",
     .args = 1,
     .apply = proto,
     .arguments = "h1|none",
     .doc = "What clients speak: HTTP/1, in 'mode http'; nothing that weir understands, in 'mode tcp'.",
     .example = "bind :80 proto h1"},
    {.name = "tcp-ss",
     .args = 1,
     .apply = tcp_ss,
     .arguments = "<mode>",
     .doc = "Keeps the first packet of each connection for fc_saved_syn: 1 its IP and TCP headers, 2 Ethernet's too, 0 "
            "nothing.",
     .example = "bind :3389 tcp-ss 1"},
    {.name = "tcp-ut",
     .args = 1,
     .apply = tcp_ut,
     .arguments = "<time>",
     .doc = "How long sent data may go unacknowledged before the connection counts as dead.",
     .example = "bind :3389 tcp-ut 30s"},
    {.name = "tfo", .apply = tfo, .doc = "Takes TCP fast open.", .example = "bind :3389 tfo"},
    {.name = "transparent",
     .apply = transparent,
     .doc = "Takes connections for addresses this machine does not have.",
     .example = "bind :3389 transparent"},
    {.name = "uid",
     .args = 1,
     .apply = uid,
     .arguments = "<id>",
     .doc = "The owner of a Unix socket, by number.",
     .example = "bind /run/rdp.sock uid 30"},
    {.name = "user",
     .args = 1,
     .apply = user,
     .arguments = "<user>",
     .doc = "The owner of a Unix socket.",
     .example = "bind /run/rdp.sock user root"},
    {.name = "v4v6", .apply = v4v6, .doc = "An IPv6 address takes IPv4 as well.", .example = "bind :::3389 v4v6"},
    {.name = "v6only", .apply = v6only, .doc = "An IPv6 address takes IPv6 only.", .example = "bind :::3389 v6only"},
};

constexpr std::string_view kNoTls = "TLS of clients is not available in this version";
constexpr std::string_view kNotYet = "it is not available in this version";
constexpr Row kLaterOptions[] = {
    config::dropped_option<BindConfig>("allow-0rtt", 0, kNoTls),
    config::dropped_option<BindConfig>("alpn", 1, kNoTls),
    config::dropped_option<BindConfig>("ca-file", 1, kNoTls),
    config::dropped_option<BindConfig>("cc", 1, kNotYet),
    config::dropped_option<BindConfig>("ciphers", 1, kNoTls),
    config::dropped_option<BindConfig>("ciphersuites", 1, kNoTls),
    config::dropped_option<BindConfig>("crl-file", 1, kNoTls),
    config::dropped_option<BindConfig>("crt", 1, kNoTls),
    config::dropped_option<BindConfig>("crt-list", 1, kNoTls),
    config::dropped_option<BindConfig>("curves", 1, kNoTls),
    config::dropped_option<BindConfig>("default-crt", 1, kNoTls),
    config::dropped_option<BindConfig>("ecdhe", 1, kNoTls),
    config::dropped_option<BindConfig>("generate-certificates", 0, kNoTls),
    config::dropped_option<BindConfig>("namespace", 1, kNotYet),
    config::option_without_meaning<BindConfig>("nice", 1, "connections have no priorities among each other"),
    config::dropped_option<BindConfig>("no-sslv3", 0, kNoTls),
    config::dropped_option<BindConfig>("no-tls-tickets", 0, kNoTls),
    config::dropped_option<BindConfig>("no-tlsv10", 0, kNoTls),
    config::dropped_option<BindConfig>("no-tlsv11", 0, kNoTls),
    config::dropped_option<BindConfig>("no-tlsv12", 0, kNoTls),
    config::dropped_option<BindConfig>("npn", 1, kNoTls),
    config::dropped_option<BindConfig>("process", 1, "weir is one process with threads", "thread"),
    config::option_without_meaning<BindConfig>("shards", 1, "every worker has its own socket of every address"),
    config::dropped_option<BindConfig>("ssl", 0, kNoTls),
    config::dropped_option<BindConfig>("ssl-max-ver", 1, kNoTls),
    config::dropped_option<BindConfig>("ssl-min-ver", 1, kNoTls),
    config::dropped_option<BindConfig>("strict-sni", 0, kNoTls),
    config::dropped_option<BindConfig>("tcp-md5sig", 1, kNotYet),
    config::dropped_option<BindConfig>("tls-ticket-keys", 1, kNoTls),
    config::dropped_option<BindConfig>("verify", 1, kNoTls),
};

constexpr Row kSocketOptions[] = {
    {.name = "expose-fd",
     .args = 1,
     .apply = expose_fd,
     .arguments = "listeners",
     .doc = "Hands listening sockets to another process that asks.",
     .example = "stats socket /run/weir.sock expose-fd listeners"},
    {.name = "level",
     .args = 1,
     .apply = level,
     .arguments = "<level>",
     .doc = "What may be done over this socket: user, operator, admin.",
     .example = "stats socket /run/weir.sock level admin"},
    config::dropped_option<BindConfig>("accept-netscaler-cip", 1, "nobody speaks for others to the runtime socket"),
    config::dropped_option<BindConfig>("accept-proxy", 0, "nobody speaks for others to the runtime socket"),
    {.name = "severity-output",
     .args = 1,
     .apply = severity_output,
     .arguments = "<none | number | string>",
     .doc = "Whether answers to commands begin with how serious they are.",
     .example = "stats socket /run/weir.sock severity-output number"},
    config::option_without_meaning<BindConfig>("thread", 1, "the first thread serves the runtime socket"),
};
constexpr Row kNoSocketOptions[] = {
    config::option_without_meaning<BindConfig>("expose-fd", 1, "only 'stats socket' has it"),
    config::option_without_meaning<BindConfig>("level", 1, "only 'stats socket' has it"),
    config::option_without_meaning<BindConfig>("severity-output", 1, "only 'stats socket' has it"),
    {.name = "thread",
     .args = 1,
     .apply = thread,
     .arguments = "[<group>/]<threads>[,...]",
     .doc = "Which threads take connections of these addresses.",
     .example = "bind :3389 thread 1-2"},
};

bool read_address(Arguments& args, const Word& word, std::string_view text, bool cli, BindConfig& bind) {
  auto spec = parse_address(text);
  const std::string_view example = cli ? "stats socket /run/weir.sock mode 660" : "bind 192.0.2.1:3389";
  if (!spec) {
    args.error_at(word.at, fmt::format("'{}' is no address: {}", text, spec.error().message)).example = example;
    return false;
  }
  if (spec->datagram || spec->port_is_offset) {
    args.error_at(word.at, fmt::format("'{}' is no address that connections come to", text)).example = example;
    return false;
  }
  if (!spec->host.empty()) {
    auto found = resolve::resolve_host(spec->host, spec->forced_family);
    if (!found) {
      auto& wrong = args.error_at(word.at, found.error().message);
      wrong.example = example;
      if (cli) wrong.hint = "a path begins with '/'";
      return false;
    }
    found->set_port(spec->address.port());
    spec->address = *found;
    bind.signature += fmt::format(" = {}", found->host());
  }
  if (!spec->address.is_inet()) {
    if (spec->address.is_unix() && spec->address.path().size() >= io::kMaxUnixPath) {
      args.error_at(word.at, fmt::format("the path '{}' is too long", text)).hint =
          fmt::format("at most {} characters", io::kMaxUnixPath - 1);
      return false;
    }
    bind.addresses.push_back(spec->address);
    return true;
  }
  if (!spec->has_port) {
    args.error_at(word.at, fmt::format("'{}' has no port", text)).example = example;
    return false;
  }
  for (unsigned port = spec->address.port(); port <= spec->last_port; port++) {
    spec->address.set_port(static_cast<std::uint16_t>(port));
    bind.addresses.push_back(spec->address);
  }
  return true;
}

}  // namespace

const config::OptionTable<BindConfig>& bind_options() {
  static const config::OptionTable<BindConfig> table(
      "bind option", {kOptions, proxy_protocol_bind_options, kLaterOptions, kNoSocketOptions});
  return table;
}
const config::OptionTable<BindConfig>& socket_options() {
  static const config::OptionTable<BindConfig> table("option of 'stats socket'",
                                                     {kOptions, kLaterOptions, kSocketOptions});
  return table;
}

std::optional<BindConfig> read_bind(ParseContext& context, const Line& line, bool cli) {
  Arguments args(context, line);
  const auto& table = cli ? socket_options() : bind_options();
  const std::size_t before = context.diagnostics().errors();
  BindConfig bind;
  bind.at = line.at;
  bind.options.backlog = 0;  // until finish_config() knows better
  bind.signature = joined(line.args());
  const Word& word = *args.peek();
  if (table.find(word.text) != nullptr) {
    auto& wrong = args.error(fmt::format("'{}' is an option: the address before it is missing", word.text));
    wrong.hint = cli ? "the path of the socket stands first" : "an address and a port stand first";
    wrong.example = cli ? fmt::format("stats socket /run/weir.sock {}", joined(line.args()))
                        : fmt::format("bind 192.0.2.1:3389 {}", joined(line.args()));
  } else {
    args.next();
    for (const std::string_view address : Parts(word.text, ',')) read_address(args, word, address, cli, bind);
  }
  table.parse(context, bind, args);
  if (context.diagnostics().errors() != before) return std::nullopt;
  if (bind.id != 0 && bind.addresses.size() > 1) {
    args.error_at(word.at, "'id' stands on a line of several addresses, and numbers one");
    return std::nullopt;
  }
  if (bind.options.v4v6 && bind.options.v6only) {
    args.error_at(word.at, "'v4v6' and 'v6only' say the opposite of each other");
    return std::nullopt;
  }
  return bind;
}

namespace {

void bind_line(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  if (auto bind = read_bind(context, line, false)) proxy->binds.push_back(std::move(*bind));
}

constexpr KeywordRow kRows[] = {
    {.name = "bind",
     .sections = in::frontends | in::backend,
     .arguments = "<address>:<port>[,...] [options]",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = bind_line,
     .doc = "An address where the frontend takes connections.",
     .example = "bind 192.0.2.1:3389 name rdp"},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> bind_keywords{kRows};

}  // namespace weir::proxy
