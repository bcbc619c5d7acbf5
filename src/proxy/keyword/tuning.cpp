// tune.* and switches of an event loop that weir does not have. Manual: 3.2.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "proxy/keyword/build.h"
#include "proxy/keyword/global_rows.h"
#include "proxy/keyword/tables.h"
#include "proxy/tcp/tracks.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using config::no_meaning;
using G = GlobalConfig;

template <std::uint64_t G::* Member, std::uint64_t Min, std::uint64_t Max>
void size(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  const auto bytes = args.expect_size("the size");
  if (!bytes) return;
  if (*bytes < Min || *bytes > Max)
    context.error(line.args()[0], fmt::format("'{}' is not right: from {} to {} bytes", line.args()[0].text, Min, Max));
  else
    context.target<G>().*Member = *bytes;
}

void maxaccept(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of connections", -1, INT32_MAX))
    context.target<G>().maxaccept = *number < 0 ? 0U : static_cast<unsigned>(*number);
}

void stick_counters(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto number = args.expect_integer("the number of counters", 0, kMaxStickCounters))
    context.target<G>().stick_counters = static_cast<std::uint32_t>(*number);
}

template <std::uint32_t G::* Member, std::int64_t Min, std::int64_t Max>
void number(ParseContext& context, const Line& line) {
  Arguments args(context, line);
  if (const auto value = args.expect_integer("the number", Min, Max))
    context.target<G>().*Member = static_cast<std::uint32_t>(*value);
}

struct SharingWord {
  std::string_view word;
  IdleSharing sharing;
};

template <const auto& words>
void idle_sharing(ParseContext& context, const Line& line) {
  const auto* const found = std::ranges::find(words, line.args()[0].text, &SharingWord::word);
  if (found == std::end(words))
    context.error(line.args()[0], fmt::format("'{}' is not right: {}, {} or {}", line.args()[0].text, words[0].word,
                                              words[1].word, words[2].word));
  else
    context.target<G>().idle_sharing = found->sharing;
}

constexpr SharingWord kIdlePool[] = {
    {"full", IdleSharing::all}, {"on", IdleSharing::own_group}, {"off", IdleSharing::nobody}};
// "restricted" is for what cannot connect: there is none here.
constexpr SharingWord kOtherGroups[] = {
    {"none", IdleSharing::own_group}, {"restricted", IdleSharing::own_group}, {"full", IdleSharing::all}};

void reject_privileged_ports(ParseContext& context, const Line& line) {
  static constexpr std::string_view kWords[] = {"off", "on"};
  Arguments args(context, line);
  if (const auto word = args.expect_choice("word", kWords)) context.target<G>().reject_privileged_ports = *word == 1;
}

// That it stands among the section's lines is all that it does: what is an experiment looks for it there.
void expose_experimental_directives(ParseContext&, const Line&) {}

constexpr std::string_view kOnlyEpoll = "weir waits with epoll and nothing else";
constexpr std::string_view kNoHttp2 = "it tunes HTTP/2, which this version does not speak";
constexpr std::string_view kNoLua = "it tunes Lua, which this version does not run";
constexpr std::string_view kNoTls = "it tunes TLS of clients, which this version does not speak";
constexpr std::string_view kOtherMachinery = "it tunes machinery that weir does not have";
constexpr std::uint64_t kMaxSocketBuffer = std::uint64_t{1} << 30U;

constexpr KeywordRow kRows[] = {
    {.name = "expose-experimental-directives",
     .sections = in::global,
     .max_args = 0,
     .parse = expose_experimental_directives,
     .doc = "Lets the lines behind it use what may still change: http-request normalize-uri.",
     .example = "expose-experimental-directives"},
    global_rows::word("h1-do-not-close-on-insecure-transfer-encoding", global_rows::flag<&G::keeps_ambiguous_framing>,
                      "Keeps the connection behind a message with both Content-Length and Transfer-Encoding."),
    global_rows::one("harden.reject-privileged-ports.tcp", "on|off", reject_privileged_ports,
                     "Closes TCP connections of clients whose port is below 1024.",
                     "harden.reject-privileged-ports.tcp on"),
    no_meaning("mworker-max-reloads", in::global, "a reload starts no process"),
    no_meaning("no-memory-trimming", in::global, kOtherMachinery),
    no_meaning("noepoll", in::global, kOnlyEpoll),
    no_meaning("noevports", in::global, kOnlyEpoll),
    no_meaning("nogetaddrinfo", in::global, "names are resolved by getaddrinfo(3) and nothing else"),
    no_meaning("nokqueue", in::global, kOnlyEpoll),
    no_meaning("nopoll", in::global, kOnlyEpoll),
    no_meaning("profiling.tasks", in::global, kOtherMachinery),
    no_meaning("tune.applet.zero-copy-forwarding", in::global, kOtherMachinery),
    no_meaning("tune.buffers.limit", in::global, kOtherMachinery),
    no_meaning("tune.buffers.reserve", in::global, kOtherMachinery),
    global_rows::one("tune.bufsize", "<bytes>", size<&G::bufsize, 1'024, 16'777'216>,
                     "The size of a buffer: the most that rules about content can look at.", "tune.bufsize 16384"),
    no_meaning("tune.defaults.purge", in::global, kOtherMachinery),
    no_meaning("tune.disable-fast-forward", in::global, kOtherMachinery),
    no_meaning("tune.disable-zero-copy-forwarding", in::global, kOtherMachinery),
    no_meaning("tune.epoll.mask-events", in::global, kOtherMachinery),
    no_meaning("tune.events.max-events-at-once", in::global, kOtherMachinery),
    no_meaning("tune.fd.edge-triggered", in::global, "all events are edge-triggered"),
    no_meaning("tune.h1.zero-copy-fwd-recv", in::global, kOtherMachinery),
    no_meaning("tune.h1.zero-copy-fwd-send", in::global, kOtherMachinery),
    no_meaning("tune.h2.header-table-size", in::global, kNoHttp2),
    no_meaning("tune.h2.initial-window-size", in::global, kNoHttp2),
    no_meaning("tune.h2.max-concurrent-streams", in::global, kNoHttp2),
    no_meaning("tune.h2.max-frame-size", in::global, kNoHttp2),
    global_rows::one("tune.http.cookielen", "<characters>", number<&G::capture_cookie_length, 0, 65'535>,
                     "The longest text that 'capture cookie' keeps, whatever its 'len' says.",
                     "tune.http.cookielen 63"),
    global_rows::one("tune.http.logurilen", "<characters>", number<&G::log_uri_length, 1, 65'535>,
                     "How much of a request's target the log shows.", "tune.http.logurilen 1024"),
    global_rows::one("tune.http.maxhdr", "<fields>", number<&G::max_http_fields, 1, 32'767>,
                     "How many fields a message may bring, its first line counted.", "tune.http.maxhdr 101"),
    global_rows::one(
        "tune.idle-pool.shared", "full|on|off", idle_sharing<kIdlePool>,
        "Whether a request may go over a server's connection that rests on another thread: of any group, of "
        "its own, or not.",
        "tune.idle-pool.shared full"),
    no_meaning("tune.idletimer", in::global, kOtherMachinery),
    no_meaning("tune.listener.default-shards", in::global, "every worker has its own socket of every address"),
    no_meaning("tune.listener.multi-queue", in::global, "every worker has its own socket of every address"),
    no_meaning("tune.lua.forced-yield", in::global, kNoLua),
    no_meaning("tune.lua.maxmem", in::global, kNoLua),
    no_meaning("tune.lua.service-timeout", in::global, kNoLua),
    no_meaning("tune.lua.session-timeout", in::global, kNoLua),
    no_meaning("tune.lua.task-timeout", in::global, kNoLua),
    {.name = "tune.maxaccept",
     .sections = in::global,
     .arguments = "<connections>",
     .min_args = 1,
     .max_args = 1,
     .parse = maxaccept,
     .doc = "How many connections a worker accepts in a row before it serves others; -1: no limit of ours.",
     .example = "tune.maxaccept 64"},
    no_meaning("tune.max-rules-at-once", in::global, "rules are never interrupted"),
    no_meaning("tune.maxpollevents", in::global, kOtherMachinery),
    global_rows::one("tune.maxrewrite", "<bytes>", size<&G::maxrewrite, 0, 16'777'216>,
                     "How much of a buffer is kept free for what rules add to a head; half of it at most.",
                     "tune.maxrewrite 1024"),
    no_meaning("tune.memory.hot-size", in::global, kOtherMachinery),
    no_meaning("tune.pattern.cache-size", in::global, "pattern sets are indexed, and looked up at every use"),
    global_rows::one("tune.pipesize", "<bytes>", size<&G::pipesize, 0, kMaxSocketBuffer>,
                     "The size of the pipes that splicing uses.", "tune.pipesize 65536"),
    no_meaning("tune.pool-high-fd-ratio", in::global, kOtherMachinery),
    no_meaning("tune.pool-low-fd-ratio", in::global, kOtherMachinery),
    no_meaning("tune.pt.zero-copy-forwarding", in::global, kOtherMachinery),
    no_meaning("tune.rcvbuf.backend", in::global, "all sockets of proxies are connected ones: tune.rcvbuf.server"),
    global_rows::one("tune.rcvbuf.client", "<bytes>", size<&G::client_rcvbuf, 0, kMaxSocketBuffer>,
                     "The system's receive buffer of client connections.", "tune.rcvbuf.client 65536"),
    no_meaning("tune.rcvbuf.frontend", in::global, "all sockets of proxies are connected ones: tune.rcvbuf.client"),
    global_rows::one("tune.rcvbuf.server", "<bytes>", size<&G::server_rcvbuf, 0, kMaxSocketBuffer>,
                     "The system's receive buffer of server connections.", "tune.rcvbuf.server 65536"),
    no_meaning("tune.recv_enough", in::global, kOtherMachinery),
    no_meaning("tune.runqueue-depth", in::global, kOtherMachinery),
    no_meaning("tune.sched.low-latency", in::global, kOtherMachinery),
    no_meaning("tune.ring.queues", in::global, kOtherMachinery),
    no_meaning("tune.sndbuf.backend", in::global, "all sockets of proxies are connected ones: tune.sndbuf.server"),
    global_rows::one("tune.sndbuf.client", "<bytes>", size<&G::client_sndbuf, 0, kMaxSocketBuffer>,
                     "The system's send buffer of client connections.", "tune.sndbuf.client 65536"),
    no_meaning("tune.sndbuf.frontend", in::global, "all sockets of proxies are connected ones: tune.sndbuf.client"),
    global_rows::one("tune.sndbuf.server", "<bytes>", size<&G::server_sndbuf, 0, kMaxSocketBuffer>,
                     "The system's send buffer of server connections.", "tune.sndbuf.server 65536"),
    no_meaning("tune.ssl.cachesize", in::global, kNoTls),
    no_meaning("tune.ssl.capture-cipherlist-size", in::global, kNoTls),
    no_meaning("tune.ssl.default-dh-param", in::global, kNoTls),
    no_meaning("tune.ssl.force-private-cache", in::global, kNoTls),
    no_meaning("tune.ssl.lifetime", in::global, kNoTls),
    no_meaning("tune.ssl.maxrecord", in::global, kNoTls),
    no_meaning("tune.ssl.ssl-ctx-cache-size", in::global, kNoTls),
    {.name = "tune.stick-counters",
     .sections = in::global,
     .arguments = "<number>",
     .min_args = 1,
     .max_args = 1,
     .parse = stick_counters,
     .doc = "How many entries of stick tables one connection may track: track-sc0 to track-sc<number - 1>.",
     .example = "tune.stick-counters 5"},
    global_rows::one("tune.takeover-other-tg-connections", "none|restricted|full", idle_sharing<kOtherGroups>,
                     "The older word for 'tune.idle-pool.shared on' and 'tune.idle-pool.shared full'.",
                     "tune.takeover-other-tg-connections none"),
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> tuning_keywords{kRows};

}  // namespace weir::proxy
