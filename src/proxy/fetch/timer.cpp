// The times of a session, as its log line has them. Manual 7.3.3, 7.3.4, 8.4.
#include "proxy/fetch/tables.h"
#include "proxy/timing.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

FetchStatus milliseconds(Sample& out, std::int64_t value) {
  out = Sample::integer(value);
  return FetchStatus::ok;
}

FetchStatus connect_timer(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  return milliseconds(out, connect_time_ms(*context.session));
}
FetchStatus handshake_timer(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  return milliseconds(out, handshake_time_ms(*context.session));
}
FetchStatus total_timer(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  return milliseconds(out, total_time_ms(*context.session, context.now));
}
FetchStatus queue_timer(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  return milliseconds(out, queue_time_ms(*context.session));
}
FetchStatus data_timer(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  return milliseconds(out, data_time_ms(*context.session, context.now));
}

constexpr Fetch kRows[] = {
    {.name = "bc.timer.connect",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = connect_timer,
     .doc = "Milliseconds to connect to the server, retries included, as %Tc; -1 when it never did.",
     .examples = {{{"bc.timer.connect", "7"}}}},
    {.name = "fc.timer.handshake",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = handshake_timer,
     .doc = "Milliseconds of handshakes below the session, as %Th.",
     .examples = {{{"fc.timer.handshake", "0"}}}},
    {.name = "fc.timer.total",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = total_timer,
     .doc = "Milliseconds since the connection was accepted, as %Tt.",
     .examples = {{{"fc.timer.total", "60"}}},
     .at_end = true},
    {.name = "req.timer.queue",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = queue_timer,
     .doc = "Milliseconds waited for a server, as %Tw; -1 when none was asked for.",
     .examples = {{{"req.timer.queue", "3"}}}},
    {.name = "res.timer.data",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = data_timer,
     .doc = "Milliseconds since the server was reached, as %Td; -1 when it was not.",
     .examples = {{{"res.timer.data", "50"}}},
     .at_end = true},
    {.name = "txn.timer.user",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = total_timer,
     .doc = "Milliseconds the user saw, as %Tu: in TCP mode all of them.",
     .examples = {{{"txn.timer.user", "60"}}},
     .at_end = true},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> timer_fetches{kRows};
}  // namespace weir::proxy
