// What the kernel measured on the connections of a session. Each asks the kernel anew. Manual 7.3.3.
#include "io/tcp_info.h"
#include "proxy/fetch/tables.h"
#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

FetchStatus counter(const Context& context, Sample& out, std::uint32_t tcp_info::* member) {
  if (context.session == nullptr) return FetchStatus::absent;
  const auto info = io::kernel_tcp_info(context.session->client.fd);
  if (!info) return FetchStatus::absent;
  out = Sample::integer((*info).*member);
  return FetchStatus::ok;
}

/// The kernel counts microseconds; the unit that was asked for has so many of them.
FetchStatus duration(const Args& args, const std::optional<tcp_info>& info, Sample& out,
                     std::uint32_t tcp_info::* member) {
  if (!info) return FetchStatus::absent;
  out = Sample::integer((*info).*member / (args.has(0) ? args[0].integer : 1000));
  return FetchStatus::ok;
}

std::optional<tcp_info> client_info(const Context& context) {
  if (context.session == nullptr) return std::nullopt;
  return io::kernel_tcp_info(context.session->client.fd);
}
/// The log line is written when the server's socket is closed already; what it said last was kept for that.
std::optional<tcp_info> server_info(const Context& context) {
  if (context.session == nullptr) return std::nullopt;
  const Session& session = *context.session;
  if (session.server.fd < 0) return session.worker->server_at_close;
  return session.server.connected ? io::kernel_tcp_info(session.server.fd) : std::nullopt;
}

FetchStatus bc_rtt(const Args& args, Context& context, Sample& out) {
  return duration(args, server_info(context), out, &tcp_info::tcpi_rtt);
}
FetchStatus bc_rttvar(const Args& args, Context& context, Sample& out) {
  return duration(args, server_info(context), out, &tcp_info::tcpi_rttvar);
}
FetchStatus fc_fackets(const Args&, Context& context, Sample& out) {
  return counter(context, out, &tcp_info::tcpi_fackets);
}
FetchStatus fc_lost(const Args&, Context& context, Sample& out) { return counter(context, out, &tcp_info::tcpi_lost); }
FetchStatus fc_reordering(const Args&, Context& context, Sample& out) {
  return counter(context, out, &tcp_info::tcpi_reordering);
}
FetchStatus fc_retrans(const Args&, Context& context, Sample& out) {
  return counter(context, out, &tcp_info::tcpi_retrans);
}
FetchStatus fc_rtt(const Args& args, Context& context, Sample& out) {
  return duration(args, client_info(context), out, &tcp_info::tcpi_rtt);
}
FetchStatus fc_rttvar(const Args& args, Context& context, Sample& out) {
  return duration(args, client_info(context), out, &tcp_info::tcpi_rttvar);
}
FetchStatus fc_sacked(const Args&, Context& context, Sample& out) {
  return counter(context, out, &tcp_info::tcpi_sacked);
}
FetchStatus fc_unacked(const Args&, Context& context, Sample& out) {
  return counter(context, out, &tcp_info::tcpi_unacked);
}

constexpr sample::ArgSpec kUnit = sample::args(0, {ArgKind::time_unit});
Result<std::shared_ptr<const void>> check_unit(const Args& args) {
  if (args.has(0) && args[0].integer == 1'000'000) return fail("the unit is ms or us");
  return std::shared_ptr<const void>();
}

// Manual, fc_saved_syn: headers, 128 bytes and more with options.
FetchStatus fc_saved_syn(const Args&, Context& context, Sample& out) {
  constexpr std::size_t kMost = 512;
  if (context.session == nullptr || context.session->client.fd < 0) return FetchStatus::absent;
  char* const room = context.arena.take(kMost);
  if (room == nullptr) return FetchStatus::absent;
  socklen_t size = kMost;
  const bool there = ::getsockopt(context.session->client.fd, IPPROTO_TCP, TCP_SAVED_SYN, room, &size) == 0;
  context.arena.keep(room, there ? size : 0);
  if (!there || size == 0) return FetchStatus::absent;
  out = Sample::binary({room, size});
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "bc_rtt",
     .args = kUnit,
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = bc_rtt,
     .prepare = check_unit,
     .doc = "The round trip time to the server as the kernel measured it, in milliseconds or the unit given.",
     .unpredictable = true},
    {.name = "bc_rttvar",
     .args = kUnit,
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = bc_rttvar,
     .prepare = check_unit,
     .doc = "How much the round trip time to the server varies, in milliseconds or the unit given.",
     .unpredictable = true},
    {.name = "fc_fackets",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_fackets,
     .doc = "The kernel's count of forward acknowledged segments towards the client.",
     .examples = {{{"fc_fackets", "0"}}}},
    {.name = "fc_lost",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_lost,
     .doc = "How many segments towards the client the kernel takes for lost.",
     .examples = {{{"fc_lost", "0"}}}},
    {.name = "fc_reordering",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_reordering,
     .doc = "By how many places segments towards the client may come out of order before they count as lost.",
     .examples = {{{"fc_reordering", "3"}}}},
    {.name = "fc_retrans",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_retrans,
     .doc = "How many segments towards the client are being sent again.",
     .examples = {{{"fc_retrans", "0"}}}},
    {.name = "fc_rtt",
     .args = kUnit,
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_rtt,
     .prepare = check_unit,
     .doc = "The round trip time to the client as the kernel measured it, in milliseconds or the unit given.",
     .unpredictable = true},
    {.name = "fc_rttvar",
     .args = kUnit,
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_rttvar,
     .prepare = check_unit,
     .doc = "How much the round trip time to the client varies, in milliseconds or the unit given.",
     .unpredictable = true},
    {.name = "fc_sacked",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_sacked,
     .doc = "How many segments towards the client were acknowledged out of order.",
     .examples = {{{"fc_sacked", "0"}}}},
    {.name = "fc_saved_syn",
     .needs = Facts::session,
     .out = Type::binary,
     .fetch = fc_saved_syn,
     .doc =
         "The headers of the client's first packet, which the bind option tcp-ss kept; the kernel gives them once, so "
         "put them into a variable.",
     .unpredictable = true},
    {.name = "fc_unacked",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = fc_unacked,
     .doc = "How many segments towards the client wait for their acknowledgement.",
     .examples = {{{"fc_unacked", "0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> kernel_fetches{kRows};
}  // namespace weir::proxy
