// Keywords of the process as a whole: who it runs as, how many threads and connections, how it starts and ends.
// Manual: 3.1, 3.2.
#include <fmt/format.h>

#include "peers/config.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using namespace global_rows;

constexpr std::int64_t kMostId = 4'294'967'294;

template <std::uint32_t GlobalConfig::* Member, std::int64_t Min, std::int64_t Max>
void number(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number", Min, Max))
    context.target<GlobalConfig>().*Member = static_cast<std::uint32_t>(*value);
}

template <std::string GlobalConfig::* Member>
void text(ParseContext& context, const Line& line) {
  const Word& word = line.args()[0];
  if (word.text.empty())
    context.error(word, fmt::format("'{}' needs a text that is not empty", context.row()->name));
  else
    context.target<GlobalConfig>().*Member = word.text;
}

template <Timeout GlobalConfig::* Member>
void time(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_time("the time")) context.target<GlobalConfig>().*Member = *value;
}

void user(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto id = user_id(args);
  if (!id) return;
  auto& global = context.target<GlobalConfig>();
  global.user = line.args()[0].text;
  global.uid = id;
}

void group(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto id = group_id(args);
  if (!id) return;
  auto& global = context.target<GlobalConfig>();
  global.group = line.args()[0].text;
  global.gid = id;
}

template <std::optional<std::uint32_t> GlobalConfig::* Member>
void numeric_id(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the id", 0, kMostId))
    context.target<GlobalConfig>().*Member = static_cast<std::uint32_t>(*value);
}

void master_worker(ParseContext& context, const Line& line) {
  if (!line.args().empty() && line.args()[0].text != "no-exit-on-failure") {
    context.error(line.args()[0], fmt::format("'master-worker' takes no word '{}'", line.args()[0].text));
    return;
  }
  context.target<GlobalConfig>().master_worker = !context.negated();
}

void node(ParseContext& context, const Line& line) {
  const Word& word = line.args()[0];
  for (const char c : word.text)
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.') {
      context.error(word, fmt::format("character '{}' is not allowed in a node's name", c)).hint =
          "letters, digits, hyphens, underscores and dots";
      return;
    }
  context.target<GlobalConfig>().node = word.text;
}

void description(ParseContext& context, const Line& line) {
  context.target<GlobalConfig>().description = joined(line.args());
}

void localpeer(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const Word* name = args.expect_name("the peer's name");
  if (name == nullptr) return;
  // Manual, localpeer: ignored behind -L and behind peers sections, with a warning.
  if (context.model<Build>().local_peer_given) {
    context.warning(line.at, "'localpeer' is ignored: the name was given with -L");
    return;
  }
  if (!context.model<std::deque<peers::PeersConfig>>().empty()) {
    context.warning(line.at, "'localpeer' is ignored: it stands behind a peers section, which needed to know it").hint =
        "put the global section first";
    return;
  }
  context.target<GlobalConfig>().localpeer = name->text;
  context.model<peers::PeersFacts>().local_peer = name->text;
  context.environment().set("HAPROXY_LOCALPEER", name->text);
}

void max_spread_checks(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  if (time->count() == 0)
    context.error(line.args()[0], "'max-spread-checks' of 0 leaves no time between the checks");
  else
    context.target<GlobalConfig>().max_spread_checks = *time;
}

void external_check(ParseContext& context, const Line& line) {
  auto& global = context.target<GlobalConfig>();
  Arguments args(context, line);
  static constexpr std::string_view kChoices[] = {"preserve-env"};
  if (!args.at_end() && !args.expect_choice("word", kChoices)) return;
  global.external_check = true;
  global.external_check_keeps_environment = !line.args().empty();
}

void spread_checks(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the percentage", 0, 50))
    context.target<GlobalConfig>().spread_checks = static_cast<unsigned>(*value);
}

void unix_bind(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWords[] = {"prefix", "mode", "user", "uid", "group", "gid"};
  Arguments args(context, line);
  auto& settings = context.target<GlobalConfig>().unix_bind;
  while (!args.at_end()) {
    const auto which = args.expect_choice("word of 'unix-bind'", kWords);
    if (!which) return;
    switch (*which) {
      case 0:
        if (const Word* word = args.expect_word("a prefix")) settings.prefix = word->text;
        break;
      case 1:
        if (const auto mode = expect_mode(args)) settings.mode = mode;
        break;
      case 2:
        if (const auto id = user_id(args)) settings.uid = id;
        break;
      case 4:
        if (const auto id = group_id(args)) settings.gid = id;
        break;
      default:
        if (const auto id = args.expect_integer("the id", 0, kMostId))
          (*which == 3 ? settings.uid : settings.gid) = static_cast<std::uint32_t>(*id);
    }
  }
}

using G = GlobalConfig;

constexpr KeywordRow kRows[] = {
    one("chroot", "<directory>", text<&G::chroot>, "Locks the process into a directory once it has started.",
        "chroot /var/lib/haproxy"),
    word("daemon", flag<&G::daemon>, "Goes to the background once it has started."),
    {.name = "description",
     .sections = in::global,
     .arguments = "<text>",
     .min_args = 1,
     .max_args = config::kAnyArgs,
     .parse = description,
     .doc = "Says what this instance is for.",
     .example = "description \"Remote desktops of the office\""},
    {.name = "external-check",
     .sections = in::global,
     .arguments = "[preserve-env]",
     .max_args = 1,
     .parse = external_check,
     .doc = "Lets backends check their servers by commands; the commands see our environment only with the word.",
     .example = "external-check"},
    one("fd-hard-limit", "<number>", number<&G::fd_hard_limit, 0, INT32_MAX>,
        "Most file descriptors to ask the system for when 'ulimit-n' does not say it.", "fd-hard-limit 50000"),
    one("gid", "<id>", numeric_id<&G::gid>, "The group to run as, by number.", "gid 30"),
    one("grace", "<time>", time<&G::grace>, "How long a soft stop waits before it closes the listeners.", "grace 10s"),
    one("group", "<group>", group, "The group to run as.", "group haproxy"),
    one("hard-stop-after", "<time>", time<&G::hard_stop_after>,
        "How long sessions may go on after a soft stop, or on parts that a reload took away.", "hard-stop-after 30s"),
    word("insecure-fork-wanted", flag<&G::insecure_fork_wanted>,
         "Agrees to processes being started while running, as external checks do."),
    one("localpeer", "<name>", localpeer, "The name of this process among its peers.", "localpeer lb1"),
    {.name = "master-worker",
     .sections = in::global,
     .arguments = "[no-exit-on-failure]",
     .max_args = 1,
     .accepts = accepts::no_prefix,
     .parse = master_worker,
     .doc = "Runs under a supervisor's eyes, in the foreground.",
     .example = "master-worker"},
    one("max-spread-checks", "<time>", max_spread_checks,
        "Bounds the time between the first check of all and the last.", "max-spread-checks 1s"),
    one("maxconn", "<connections>", number<&G::maxconn, 0, 1'000'000'000>,
        "How many connections of clients the process takes at once.", "maxconn 20000"),
    one("maxconnrate", "<connections>", number<&G::maxconnrate, 0, INT32_MAX>,
        "How many connections the process takes in a second; others wait in the system's queue.", "maxconnrate 500"),
    one("maxpipes", "<number>", number<&G::maxpipes, 0, INT32_MAX>,
        "How many pipes splicing may use; without it a quarter of 'maxconn'.", "maxpipes 1000"),
    one("maxsessrate", "<sessions>", number<&G::maxsessrate, 0, INT32_MAX>,
        "How many sessions the process begins in a second; others wait in the system's queue.", "maxsessrate 500"),
    one("node", "<name>", node, "The name of this machine in the statistics.", "node lb1"),
    word("noreuseport", flag<&G::no_reuseport>, "One listening socket for all workers instead of one for each."),
    word("nosplice", flag<&G::no_splice>, "Never lets the kernel move data from socket to socket."),
    one("pidfile", "<file>", text<&G::pidfile>, "Writes the process id into a file.", "pidfile /run/haproxy.pid"),
    word("quiet", flag<&G::quiet>, "Says nothing at start."),
    one("server-state-base", "<directory>", text<&G::server_state_base>, "Where files of server states are.",
        "server-state-base /var/lib/haproxy"),
    one("server-state-file", "<file>", text<&G::server_state_file>, "The file of server states.",
        "server-state-file states"),
    one("spread-checks", "<percent>", spread_checks, "Spreads the intervals of health checks by that much.",
        "spread-checks 5"),
    word("strict-limits", flag<&G::strict_limits>, "Does not start when the system refuses the limits asked for."),
    one("uid", "<id>", numeric_id<&G::uid>, "The user to run as, by number.", "uid 30"),
    one("ulimit-n", "<number>", number<&G::ulimit_n, 0, INT32_MAX>, "How many file descriptors to ask the system for.",
        "ulimit-n 65536"),
    {.name = "unix-bind",
     .sections = in::global,
     .arguments = "[prefix <prefix>] [mode <mode>] [user <user>] [uid <id>] [group <group>] [gid <id>]",
     .min_args = 2,
     .max_args = config::kAnyArgs,
     .parse = unix_bind,
     .doc = "What Unix sockets of bind lines have unless their line says otherwise.",
     .example = "unix-bind prefix /run/haproxy/ mode 660"},
    one("user", "<user>", user, "The user to run as.", "user haproxy"),
    word("zero-warning", flag<&G::zero_warning>, "Refuses to start on any warning."),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> process_keywords{kRows};

}  // namespace weir::proxy
