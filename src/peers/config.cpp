#include "peers/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/arguments.h"
#include "config/file_mode.h"
#include "config/parser.h"
#include "config/vocabulary.h"
#include "resolve/start.h"
#include "stick/config.h"

namespace weir::peers {
namespace {

using namespace config::vocabulary;

constexpr std::string_view kPeerWord = "peer";
constexpr std::string_view kPeerExample = "peer aloha1 192.0.2.11:1024";
constexpr std::int64_t kMaxShards = 65535;
constexpr std::int64_t kMostSegment = 65535;
constexpr std::int64_t kMostId = 4'294'967'294;

/// A place to listen on or connect to: without a port or a path nobody is reached.
bool check_reachable(Arguments& args, const AddressSpec& spec, SourcePosition at, std::string_view text) {
  const bool range = spec.last_port != 0 && spec.last_port != spec.address.port();
  if (spec.datagram || range || spec.port_is_offset) {
    args.error_at(at, fmt::format("peers speak TCP on one port: '{}' is not such an address", text));
    return false;
  }
  if (spec.address.is_unix() || spec.address.family() == AddressFamily::fd || spec.has_port) return true;
  args.error_at(at, fmt::format("the address '{}' has no port", text)).hint = fmt::format("for example {}:1024", text);
  return false;
}

/// Names are looked up once: the addresses of peers do not change while running.
bool resolve(Arguments& args, AddressSpec& spec, SourcePosition at) {
  if (spec.host.empty()) return true;
  auto found = weir::resolve::resolve_host(spec.host, spec.forced_family);
  if (!found) {
    args.error_at(at, found.error().message);
    return false;
  }
  found->set_port(spec.address.port());
  spec.address = *found;
  return true;
}

// --- options of peer, server, default-server ---

void option_source(ParseContext&, PeerConfig& peer, Arguments& args, const Word&) {
  const Word* word = args.peek();
  auto spec = args.expect_address("the address to connect from");
  if (!spec || !resolve(args, *spec, word->at)) return;
  if (spec->address.family() != AddressFamily::ipv4 && spec->address.family() != AddressFamily::ipv6) {
    args.error_at(word->at, fmt::format("nobody connects from '{}'", word->text)).hint = "an IPv4 or IPv6 address";
    return;
  }
  peer.connect.source = spec->address;
}
void option_connect_mss(ParseContext&, PeerConfig& peer, Arguments& args, const Word&) {
  if (const auto size = args.expect_integer("the segment size", 1, kMostSegment))
    peer.connect.max_segment = static_cast<int>(*size);
}
void option_connect_tcp_ut(ParseContext&, PeerConfig& peer, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) peer.connect.tcp_user_timeout = *time;
}
void option_connect_tfo(ParseContext&, PeerConfig& peer, Arguments&, const Word&) { peer.connect.tcp_fast_open = true; }

void option_shard(ParseContext&, PeerConfig& peer, Arguments& args, const Word&) {
  if (const auto shard = args.expect_integer("the shard", 0, kMaxShards))
    peer.shard = static_cast<std::uint32_t>(*shard);
}

constexpr std::string_view kNoChecks = "peers find out by their own protocol whether they are there";
constexpr std::string_view kNoBalance = "peers are not balanced over";
constexpr config::OptionRow<PeerConfig> kPeerOptions[] = {
    config::dropped_option<PeerConfig>("agent-check", 0, kNoChecks),
    config::option_without_meaning<PeerConfig>("backup", 0, kNoBalance),
    config::dropped_option<PeerConfig>("check", 0, kNoChecks),
    config::option_without_meaning<PeerConfig>("cookie", 1, kNoBalance),
    config::dropped_option<PeerConfig>("init-addr", 1, "the addresses of peers do not change while running"),
    config::option_without_meaning<PeerConfig>("maxconn", 1, "two peers have one connection"),
    {.name = "mss",
     .args = 1,
     .apply = option_connect_mss,
     .arguments = "<bytes>",
     .doc = "The largest segment.",
     .example = "peer aloha2 192.0.2.12:1024 mss 1400"},
    config::dropped_option<PeerConfig>("resolvers", 1, "the addresses of peers do not change while running"),
    {.name = "shard",
     .args = 1,
     .apply = option_shard,
     .arguments = "<number>",
     .doc = "The share of the keys that this peer hears of, counted from 1; 0 is all.",
     .example = "peer aloha2 192.0.2.12:1024 shard 1"},
    {.name = "source",
     .args = 1,
     .apply = option_source,
     .arguments = "<address>",
     .doc = "From which address this process connects to the peer.",
     .example = "peer aloha2 192.0.2.12:1024 source 192.0.2.11"},
    {.name = "tcp-ut",
     .args = 1,
     .apply = option_connect_tcp_ut,
     .arguments = "<time>",
     .doc = "How long sent data may stay unacknowledged.",
     .example = "peer aloha2 192.0.2.12:1024 tcp-ut 5s"},
    {.name = "tfo",
     .apply = option_connect_tfo,
     .doc = "Connects with TCP fast open.",
     .example = "peer aloha2 192.0.2.12:1024 tfo"},
    config::dropped_option<PeerConfig>("track", 1, kNoChecks),
    config::option_without_meaning<PeerConfig>("weight", 1, kNoBalance),
};
const config::OptionTable<PeerConfig>& peer_options() {
  static const config::OptionTable<PeerConfig> table("option of a peer", {std::span(kPeerOptions)});
  return table;
}

// --- options of bind, default-bind ---

void option_name(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const Word* name = args.expect_name("the name of a listener")) bind.name = name->text;
}
void option_interface(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const Word* name = args.expect_word("the name of a network interface")) bind.options.interface = name->text;
}
void option_v6only(ParseContext&, PeerBind& bind, Arguments&, const Word&) { bind.options.v6only = true; }
void option_v4v6(ParseContext&, PeerBind& bind, Arguments&, const Word&) {
  bind.options.v6only = false;
  bind.options.v4v6 = true;
}
void option_tfo(ParseContext&, PeerBind& bind, Arguments&, const Word&) { bind.options.tcp_fast_open = true; }
void option_transparent(ParseContext&, PeerBind& bind, Arguments&, const Word&) { bind.options.transparent = true; }
template <class T, T io::ListenOptions::* Member, std::int64_t Least, std::int64_t Most>
void option_number(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the number", Least, Most))
    bind.options.*Member = static_cast<int>(*number);
}
template <class T, std::optional<T> io::ListenOptions::* Member>
void option_owner(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const auto id = args.expect_integer("the id", 0, kMostId)) bind.options.*Member = static_cast<T>(*id);
}
void option_mode(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const auto mode = config::expect_mode(args)) bind.options.mode = *mode;
}
void option_tcp_ut(ParseContext&, PeerBind& bind, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) bind.options.tcp_user_timeout = *time;
}

constexpr config::OptionRow<PeerBind> kBindOptions[] = {
    {.name = "backlog",
     .args = 1,
     .apply = option_number<int, &io::ListenOptions::backlog, 0, INT32_MAX>,
     .arguments = "<number>",
     .doc = "How many connections may wait to be accepted.",
     .example = "bind :1024 backlog 100"},
    {.name = "gid",
     .args = 1,
     .apply = option_owner<gid_t, &io::ListenOptions::group>,
     .arguments = "<id>",
     .doc = "The group of a Unix socket.",
     .example = "bind /run/peers.sock gid 0"},
    {.name = "interface",
     .args = 1,
     .apply = option_interface,
     .arguments = "<interface>",
     .doc = "Listens on that network interface only.",
     .example = "bind :1024 interface eth1"},
    {.name = "mode",
     .args = 1,
     .apply = option_mode,
     .arguments = "<mode>",
     .doc = "The access mode of a Unix socket, in octal.",
     .example = "bind /run/peers.sock mode 600"},
    {.name = "mss",
     .args = 1,
     .apply = option_number<int, &io::ListenOptions::max_segment, 1, kMostSegment>,
     .arguments = "<bytes>",
     .doc = "The largest segment.",
     .example = "bind :1024 mss 1400"},
    {.name = "name",
     .args = 1,
     .apply = option_name,
     .arguments = "<name>",
     .doc = "The name of the listener.",
     .example = "bind :1024 name sync"},
    {.name = "tcp-ut",
     .args = 1,
     .apply = option_tcp_ut,
     .arguments = "<time>",
     .doc = "How long sent data may stay unacknowledged.",
     .example = "bind :1024 tcp-ut 5s"},
    {.name = "tfo", .apply = option_tfo, .doc = "Takes TCP fast open.", .example = "bind :1024 tfo"},
    {.name = "transparent",
     .apply = option_transparent,
     .doc = "Listens on an address that this machine may not have yet.",
     .example = "bind 192.0.2.100:1024 transparent"},
    {.name = "uid",
     .args = 1,
     .apply = option_owner<uid_t, &io::ListenOptions::owner>,
     .arguments = "<id>",
     .doc = "The owner of a Unix socket.",
     .example = "bind /run/peers.sock uid 0"},
    {.name = "v4v6", .apply = option_v4v6, .doc = "Listens on IPv4 and IPv6.", .example = "bind :::1024 v4v6"},
    {.name = "v6only", .apply = option_v6only, .doc = "Listens on IPv6 only.", .example = "bind :::1024 v6only"},
};
const config::OptionTable<PeerBind>& bind_options() {
  static const config::OptionTable<PeerBind> table("option of a bind line", {std::span(kBindOptions)});
  return table;
}

// --- the section's lines ---

void read_address(Arguments& args, PeerConfig& peer) {
  const Word* word = args.peek();
  if (word == nullptr || peer_options().find(word->text) != nullptr) return;
  const SourcePosition at = word->at;
  const std::string text = word->text;
  auto spec = args.expect_address("the peer's address");
  peer.has_address = true;  // a wrong one was reported: it is not missing as well
  if (!spec || !check_reachable(args, *spec, at, text) || !resolve(args, *spec, at)) return;
  peer.address = spec->address;
  peer.spec = std::move(*spec);
}

void peer_line(ParseContext& context, const Line& line) {
  auto& section = context.target<PeersConfig>();
  Arguments args(context, line);
  const Word* name = args.expect_name("the peer's name");
  if (name == nullptr) return;
  args.set_subject(fmt::format("{} '{}'", line.words[0].text, name->text));
  PeerConfig peer = section.default_peer;
  peer.name = name->text;
  peer.at = name->at;
  peer.local = peer.name == section.local_peer;
  peer.address_at = args.here();
  read_address(args, peer);
  const bool old_way = line.words[0].text == kPeerWord;
  if (old_way && !section.peer_line) section.peer_line = line.at;
  if (!old_way && peer.local && peer.has_address) {
    Diagnostic& error = args.error_at(
        peer.address_at, "this process is that peer: it listens on the section's 'bind' line and has no address here");
    error.example = fmt::format("bind {}", peer.spec.address.to_string());
  }
  peer_options().parse(context, peer, args);
  const auto twin = std::ranges::find(section.peers, peer.name, &PeerConfig::name);
  if (twin != section.peers.end()) {
    args.error_at(name->at, fmt::format("there is a peer of this name already, in line {}", twin->at.line));
    return;
  }
  if (!peer.has_address && !peer.local) {  // the local one may have a bind line below: see check_local_address
    Diagnostic& error = args.error_at(peer.address_at, "the address and port are missing");
    error.hint = "where this process connects to that peer";
    error.example = fmt::format("{} {} 192.0.2.12:1024", line.words[0].text, peer.name);
  }
  section.peers.push_back(std::move(peer));
}

void bind_line(ParseContext& context, const Line& line) {
  auto& section = context.target<PeersConfig>();
  Arguments args(context, line);
  if (section.bind) {
    args.error_at(
        line.at, fmt::format("a peers section listens on one address; there is one in line {}", section.bind->at.line));
    return;
  }
  PeerBind bind = section.default_bind;
  bind.at = line.at;
  const Word* word = args.peek();
  const auto spec = args.expect_address("the address to listen on");
  if (auto wanted = spec;
      wanted && check_reachable(args, *wanted, word->at, word->text) && resolve(args, *wanted, word->at))
    bind.spec = *wanted;
  bind_options().parse(context, bind, args);
  section.bind = std::move(bind);
}

void default_bind_line(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  bind_options().parse(context, context.target<PeersConfig>().default_bind, args);
}
void default_server_line(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  peer_options().parse(context, context.target<PeersConfig>().default_peer, args);
}
void disabled_line(ParseContext& context, const Line&) { context.target<PeersConfig>().disabled = true; }
void enabled_line(ParseContext& context, const Line&) { context.target<PeersConfig>().disabled = false; }

void shards_line(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto shards = args.expect_integer("the number of shards", 1, kMaxShards))
    context.target<PeersConfig>().shards = static_cast<std::uint32_t>(*shards);
}

void log_line(ParseContext& context, const Line& line) {
  auto& section = context.target<PeersConfig>();
  if (context.negated()) {
    section.logs.clear();
    section.log_global = false;
    return;
  }
  if (line.args().size() == 1 && line.args()[0] == "global") {
    section.log_global = true;
    return;
  }
  if (auto target = log::parse_log_line(line.args(), line.end, context.diagnostics()))
    section.logs.push_back(std::move(*target));
}

void table_line(ParseContext& context, const Line& line) {
  auto& section = context.target<PeersConfig>();
  Arguments args(context, line);
  const Word* name = args.expect_name("the table's name");
  if (name == nullptr) return;
  args.set_subject(fmt::format("table '{}'", name->text));
  auto table = stick::parse_table_words(args, fmt::format("{}/{}", section.name, name->text), name->at, true);
  if (!table) return;
  const auto twin = std::ranges::find(section.tables, table->name, &stick::TableConfig::name);
  if (twin != section.tables.end()) {
    args.error_at(name->at, fmt::format("there is a table of this name already, in line {}", twin->at.line));
    return;
  }
  table->peers = section.name;
  table->peers_at = section.at;
  section.tables.push_back(std::move(*table));
}

// --- the section ---

config::Target open_peers(ParseContext& context) {
  auto& sections = context.model<std::deque<PeersConfig>>();
  const config::SectionHeader& header = context.section();
  const auto twin = std::ranges::find(sections, header.name, &PeersConfig::name);
  if (twin != sections.end()) {
    context.error(header.name_at,
                  fmt::format("there is a peers section '{}' already, in line {}", header.name, twin->at.line));
    return {};
  }
  PeersConfig& section = sections.emplace_back();
  section.name = header.name;
  section.at = header.name_at;
  section.local_peer = context.model<PeersFacts>().local_peer;
  return config::Target::of(section);
}

void check_local_address(ParseContext& context, PeersConfig& section, PeerConfig& local) {
  if (section.bind) {
    if (local.has_address) return;  // reported by its line or with the 'bind' line
    local.spec = section.bind->spec;
    local.address = local.spec.address;
  } else if (!local.has_address) {
    Diagnostic& error =
        context.error(local.address_at, fmt::format("peer '{}': the address and port are missing", local.name));
    error.hint = "it is this process by its name: the others connect to it there; a 'bind' line would do as well";
    error.example = fmt::format("peer {} 192.0.2.11:1024", local.name);
  } else {
    PeerBind bind = section.default_bind;
    bind.spec = local.spec;
    bind.at = local.at;
    section.bind = std::move(bind);
  }
}

void close_peers(ParseContext& context) {
  auto& section = context.target<PeersConfig>();
  // Manual: bind lines are not supported with peer lines.
  if (section.bind && section.peer_line)
    context
        .error(section.bind->at, fmt::format("'bind' goes with 'server' lines; line {} is a '{}' line",
                                             section.peer_line->line, kPeerWord))
        .hint = "write 'server' instead, and no address for this process";
  for (const PeerConfig& peer : section.peers) {
    if (peer.shard <= section.shards) continue;
    context.warning(peer.at, fmt::format("peer '{}' has shard {}, the section {}: the shard is ignored", peer.name,
                                         peer.shard, section.shards));
  }
  const auto local = std::ranges::find(section.peers, true, &PeerConfig::local);
  if (local == section.peers.end()) {
    if (section.disabled) return;
    Diagnostic& warning = context.warning(
        section.at,
        fmt::format("peers '{}': none of its peers is this process, whose name is '{}': the section is not used",
                    section.name, section.local_peer));
    warning.hint = "give the name with -L or with 'localpeer' in the global section";
    return;
  }
  check_local_address(context, section, *local);
  section.usable = !section.disabled;
}

constexpr config::SectionRow kSections[] = {
    {.name = "peers",
     .kind = config::SectionKind::peers,
     .naming = config::Naming::required,
     .open = open_peers,
     .close = close_peers,
     .doc = "Processes that tell each other what their stick tables hold.",
     .example = "peers aloha"},
};

constexpr config::KeywordRow kRows[] = {
    {.name = "bind",
     .sections = in::peers,
     .arguments = "<address>:<port> [<option>]*",
     .max_args = config::kAnyArgs,
     .parse = bind_line,
     .doc = "Where the other peers connect to this process.",
     .example = "bind 192.0.2.11:1024"},
    {.name = "default-bind",
     .sections = in::peers,
     .arguments = "<option>*",
     .max_args = config::kAnyArgs,
     .parse = default_bind_line,
     .doc = "Options of this process's listener, wherever its address stands.",
     .example = "default-bind v6only"},
    {.name = "default-server",
     .sections = in::peers,
     .arguments = "<option>*",
     .max_args = config::kAnyArgs,
     .parse = default_server_line,
     .doc = "Options of the peers in the lines below.",
     .example = "default-server shard 1"},
    {.name = "disabled",
     .sections = in::peers,
     .parse = disabled_line,
     .doc = "The section neither listens nor connects.",
     .example = "disabled"},
    {.name = "enabled",
     .sections = in::peers,
     .parse = enabled_line,
     .doc = "Takes 'disabled' back.",
     .example = "enabled"},
    {.name = "log",
     .sections = in::peers,
     .arguments = "<target> [<option>]* <facility> [<level> [<minlevel>]]",
     .max_args = config::kAnyArgs,
     .accepts = config::accepts::no_prefix,
     .parse = log_line,
     .doc = "Where the section's connections are logged.",
     .example = "log global"},
    {.name = kPeerWord,
     .sections = in::peers,
     .arguments = "<name> <address>:<port> [<option>]*",
     .max_args = config::kAnyArgs,
     .parse = peer_line,
     .doc = "One of the processes; this one is known by its own name.",
     .example = kPeerExample},
    {.name = "server",
     .sections = in::peers,
     .arguments = "<name> [<address>:<port>] [<option>]*",
     .max_args = config::kAnyArgs,
     .parse = peer_line,
     .doc = "As 'peer'; without an address for this process, which listens on the 'bind' line.",
     .example = "server aloha2 192.0.2.12:1024"},
    {.name = "shards",
     .sections = in::peers,
     .arguments = "<number>",
     .min_args = 1,
     .max_args = 1,
     .parse = shards_line,
     .doc = "Spreads the keys over the peers that have a shard, instead of telling all to each.",
     .example = "shards 3"},
    {.name = "table",
     .sections = in::peers,
     .arguments = "<name> type <type> size <size> [<option>]*",
     .max_args = config::kAnyArgs,
     .parse = table_line,
     .doc = "A stick table of the section; elsewhere it is called <section>/<name>.",
     .example = "table users type string len 32 size 10k expire 8h store gpc0"},
};
static_assert(config::well_formed(kRows), "rows are documented and exemplified");

}  // namespace

bool operator==(const PeerConfig& a, const PeerConfig& b) {
  return a.name == b.name && a.spec == b.spec && a.address == b.address && a.local == b.local &&
         a.has_address == b.has_address && a.shard == b.shard && a.connect == b.connect;
}
bool operator==(const PeerBind& a, const PeerBind& b) {
  return a.spec == b.spec && a.name == b.name && a.options == b.options;
}

const PeerConfig* PeersConfig::local() const {
  const auto found = std::ranges::find(peers, true, &PeerConfig::local);
  return found == peers.end() ? nullptr : &*found;
}

constinit const std::span<const config::SectionRow> peers_sections{kSections};
constinit const std::span<const config::KeywordRow> peers_keywords{kRows};

}  // namespace weir::peers
