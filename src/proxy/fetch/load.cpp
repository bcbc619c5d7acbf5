// How loaded frontends, backends and servers are. Manual 7.3.2.
//
// A name left out is the proxy's in whose section the expression stands. Sums over a farm take its lock: they are for
// rules that choose a backend, some microseconds on a farm of hundreds.
#include <algorithm>
#include <mutex>

#include "proxy/fetch/tables.h"
#include "proxy/names.h"
#include "proxy/plan.h"
#include "proxy/state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

std::int64_t rate(const Rate& rate) { return rate.value(WorkerContext::current().now_ms()); }

/// Active servers, or the backups when no active one can serve.
template <class F>
void each_in_use(const BackendState& backend, F take) {
  const BackendState::Live live = backend.live_servers();
  for (const balance::ServerSlot& slot : backend.slots)
    if (slot.usable() && slot.backup == (live.active == 0)) take(slot);
}

std::int64_t left(std::uint32_t limit, std::uint32_t used) { return limit > used ? limit - used : 0; }

std::int64_t usable_servers(const BackendState& backend) {
  const std::scoped_lock guard(backend.lock);
  const BackendState::Live live = backend.live_servers();
  return live.active != 0 ? live.active : live.backup;
}
std::int64_t waiting(const BackendState& backend) {
  std::int64_t sum = backend.queued.value();
  const std::scoped_lock guard(backend.lock);
  for (const auto& server : backend.servers) sum += server->queued.value();
  return sum;
}

// Each of these answers for one backend; -1: some server has no limit, so that there is no such number.
std::int64_t connections(const BackendState& backend) { return backend.sessions.value(); }
std::int64_t new_sessions(const BackendState& backend) { return rate(backend.session_rate); }
std::int64_t free_connections(const BackendState& backend) {
  const std::scoped_lock guard(backend.lock);
  std::int64_t sum = 0;
  bool limited = true;
  each_in_use(backend, [&](const balance::ServerSlot& slot) {
    limited = limited && slot.maxconn != 0;
    sum += left(slot.maxconn, slot.served);
  });
  return limited ? sum : -1;
}
std::int64_t free_slots(const BackendState& backend) {
  const std::scoped_lock guard(backend.lock);
  std::int64_t sum = 0;
  bool limited = true;
  each_in_use(backend, [&](const balance::ServerSlot& slot) {
    limited = limited && slot.maxconn != 0 && slot.maxqueue != 0;
    sum += left(slot.maxconn, slot.served) + left(slot.maxqueue, slot.queued);
  });
  return limited ? sum : -1;
}
// Manual: without a server, one is expected back soon.
std::int64_t average_queue(const BackendState& backend) {
  const std::int64_t queued = waiting(backend);
  const std::int64_t servers = usable_servers(backend);
  return servers == 0 ? queued * 2 : (queued + servers - 1) / servers;
}

template <auto answer>
FetchStatus of_backend(const Args& args, Context&, Sample& out) {
  const auto* backend = static_cast<const BackendRef*>(args.has(0) ? args[0].object : nullptr);
  if (backend == nullptr || backend->state == nullptr) return FetchStatus::absent;
  out = Sample::integer(answer(*backend->state));
  return FetchStatus::ok;
}

std::int64_t frontend_connections(const FrontendState& frontend) { return frontend.sessions.value(); }
std::int64_t frontend_sessions(const FrontendState& frontend) { return rate(frontend.session_rate); }
/// Requests are HTTP's: a frontend in TCP mode has none.
std::int64_t frontend_requests(const FrontendState&) { return 0; }

template <auto answer>
FetchStatus of_frontend(const Args& args, Context&, Sample& out) {
  const auto* frontend = static_cast<const FrontendRef*>(args.has(0) ? args[0].object : nullptr);
  if (frontend == nullptr || frontend->state == nullptr) return FetchStatus::absent;
  out = Sample::integer(answer(*frontend->state));
  return FetchStatus::ok;
}

// Each of these answers for one server.
Sample server_connections(const ServerState& server) { return Sample::integer(server.sessions.value()); }
Sample server_queued(const ServerState& server) { return Sample::integer(server.queued.value()); }
Sample server_sessions(const ServerState& server) { return Sample::integer(rate(server.session_rate)); }
Sample server_free(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  const balance::ServerSlot& slot = server.backend.slots[server.index];
  return Sample::integer(slot.maxconn == 0 ? -1 : left(slot.maxconn, slot.served));
}
Sample server_up(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return Sample::boolean(server.health.up() && !server.health.in_maintenance());
}
Sample initial_weight(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return Sample::integer(server.config->weight);
}
Sample visible_weight(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return Sample::integer(server.runtime_weight.value_or(server.config->weight));
}
// A slow start counts for part of it.
Sample effective_weight(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return Sample::integer((server.backend.slots[server.index].effective_weight() + 15) / 16);
}

template <auto answer>
FetchStatus of_server(const Args& args, Context&, Sample& out) {
  const auto* ref = static_cast<const ServerRef*>(args.has(0) ? args[0].object : nullptr);
  const std::shared_ptr<ServerState> server = ref != nullptr ? ref->find() : nullptr;
  if (server == nullptr) return FetchStatus::absent;
  out = answer(*server);
  return FetchStatus::ok;
}

constexpr sample::ArgSpec kFrontend = sample::args(0, {ArgKind::frontend});
constexpr sample::ArgSpec kBackend = sample::args(0, {ArgKind::backend});
constexpr sample::ArgSpec kServer = sample::args(1, {ArgKind::server});

constexpr Fetch kRows[] = {
    {.name = "avg_queue",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<average_queue>,
     .doc = "How many sessions wait in a backend for each usable server; twice all of them when there is no server.",
     .examples = {{{"avg_queue(bk_rdp)", "0"}}}},
    {.name = "be_conn",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<connections>,
     .doc = "How many sessions a backend has, perhaps this one among them.",
     .examples = {{{"be_conn(bk_rdp)", "1"}}}},
    {.name = "be_conn_free",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<free_connections>,
     .doc = "How many more sessions the usable servers of a backend take; -1 when one of them has no maxconn.",
     .examples = {{{"be_conn_free(bk_rdp)", "19"}}}},
    {.name = "be_sess_rate",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<new_sessions>,
     .doc = "How many sessions a backend got in the last second.",
     .examples = {{{"be_sess_rate(bk_rdp)", "2"}}}},
    {.name = "connslots",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<free_slots>,
     .doc = "How many more sessions the usable servers of a backend and their queues take; -1 when one of them has no "
            "maxconn or no maxqueue.",
     .examples = {{{"connslots(bk_rdp)", "-1"}}}},
    {.name = "fe_conn",
     .args = kFrontend,
     .out = Type::integer,
     .fetch = of_frontend<frontend_connections>,
     .doc = "How many connections a frontend has, perhaps this one among them.",
     .examples = {{{"fe_conn(ft_rdp)", "1"}}}},
    {.name = "fe_req_rate",
     .args = kFrontend,
     .out = Type::integer,
     .fetch = of_frontend<frontend_requests>,
     .doc = "How many HTTP requests a frontend got in the last second: none in TCP mode.",
     .examples = {{{"fe_req_rate(ft_rdp)", "0"}}}},
    {.name = "fe_sess_rate",
     .args = kFrontend,
     .out = Type::integer,
     .fetch = of_frontend<frontend_sessions>,
     .doc = "How many sessions a frontend got in the last second.",
     .examples = {{{"fe_sess_rate(ft_rdp)", "1"}}}},
    {.name = "nbsrv",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<usable_servers>,
     .doc = "How many servers of a backend can be used; its backups when no other can.",
     .examples = {{{"nbsrv(bk_rdp)", "1"}, {"nbsrv", "1"}}}},
    {.name = "queue",
     .args = kBackend,
     .out = Type::integer,
     .fetch = of_backend<waiting>,
     .doc = "How many sessions wait in a backend, those that wait for one server included.",
     .examples = {{{"queue(bk_rdp)", "0"}}}},
    {.name = "srv_conn",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<server_connections>,
     .doc = "How many sessions a server has, perhaps this one among them.",
     .examples = {{{"srv_conn(bk_rdp/ts1)", "1"}}}},
    {.name = "srv_conn_free",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<server_free>,
     .doc = "How many more sessions a server takes; -1 when it has no maxconn.",
     .examples = {{{"srv_conn_free(bk_rdp/ts1)", "19"}, {"srv_conn_free(bk_rdp/ts2)", "-1"}}}},
    {.name = "srv_is_up",
     .args = kServer,
     .out = Type::boolean,
     .fetch = of_server<server_up>,
     .doc = "Whether a server is up: its checks pass, and it is in no maintenance.",
     .examples = {{{"srv_is_up(bk_rdp/ts1)", "1"}, {"srv_is_up(ts2)", "0"}}}},
    {.name = "srv_iweight",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<initial_weight>,
     .doc = "A server's weight as configured.",
     .examples = {{{"srv_iweight(bk_rdp/ts1)", "10"}}}},
    {.name = "srv_queue",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<server_queued>,
     .doc = "How many sessions wait for a server.",
     .examples = {{{"srv_queue(bk_rdp/ts1)", "0"}}}},
    {.name = "srv_sess_rate",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<server_sessions>,
     .doc = "How many sessions a server got in the last second.",
     .examples = {{{"srv_sess_rate(bk_rdp/ts1)", "3"}}}},
    {.name = "srv_uweight",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<visible_weight>,
     .doc = "A server's weight as configured or set at run time.",
     .examples = {{{"srv_uweight(bk_rdp/ts1)", "10"}}}},
    {.name = "srv_weight",
     .args = kServer,
     .out = Type::integer,
     .fetch = of_server<effective_weight>,
     .doc = "A server's weight as it counts now; less during a slow start.",
     .examples = {{{"srv_weight(bk_rdp/ts1)", "10"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

// The same by names that come with the traffic.

std::shared_ptr<const BackendPlan> named_backend(std::string_view name) {
  return WorkerContext::current().plan->backend(name);
}
/// "backend/server", or a server of the session's backend.
std::shared_ptr<ServerState> named_server(const Context& context, std::string_view name) {
  const std::size_t slash = name.find('/');
  std::shared_ptr<const BackendPlan> backend;
  if (slash != name.npos)
    backend = named_backend(name.substr(0, slash));
  else if (context.session != nullptr)
    backend = context.session->backend;
  if (!backend) return nullptr;
  BackendState& state = *backend->state;
  const std::scoped_lock guard(state.lock);
  ServerState* server = state.find_server(slash == name.npos ? name : name.substr(slash + 1));
  return server == nullptr ? nullptr : server->shared_from_this();
}

bool fe_exists(const Args&, Context&, Sample& sample) {
  sample = Sample::boolean(WorkerContext::current().plan->frontend(sample.text()) != nullptr);
  return true;
}
bool nbsrv(const Args&, Context&, Sample& sample) {
  const auto backend = named_backend(sample.text());
  if (backend) sample = Sample::integer(usable_servers(*backend->state));
  return backend != nullptr;
}
template <auto answer>
bool of_named_server(const Args&, Context& context, Sample& sample) {
  const std::shared_ptr<ServerState> server = named_server(context, sample.text());
  if (server) sample = answer(*server);
  return server != nullptr;
}

constexpr Converter kConverters[] = {
    {.name = "fe_exists",
     .in = Type::string,
     .out = Type::boolean,
     .apply = fe_exists,
     .doc = "Whether there is a frontend of that name.",
     .examples = {{{"str(ft_rdp),fe_exists", "1"}, {"str(ft_ssh),fe_exists", "0"}}}},
    {.name = "nbsrv",
     .in = Type::string,
     .out = Type::integer,
     .apply = nbsrv,
     .doc = "How many servers of the backend of that name can be used; absent when there is none of that name.",
     .examples = {{{"str(bk_rdp),nbsrv", "1"}, {"str(bk_ssh),nbsrv", "", true}}}},
    {.name = "srv_is_up",
     .in = Type::string,
     .out = Type::boolean,
     .apply = of_named_server<server_up>,
     .doc = "Whether the server of that name, or of backend/name, is up; absent when there is none.",
     .examples = {{{"str(bk_rdp/ts1),srv_is_up", "1"}, {"str(ts2),srv_is_up", "0"}, {"str(ts9),srv_is_up", "", true}}}},
    {.name = "srv_queue",
     .in = Type::string,
     .out = Type::integer,
     .apply = of_named_server<server_queued>,
     .doc = "How many sessions wait for the server of that name, or of backend/name; absent when there is none.",
     .examples = {{{"str(bk_rdp/ts1),srv_queue", "0"}}}},
};
static_assert(sample::well_formed(kConverters), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> load_fetches{kRows};
constinit const std::span<const Converter> load_converters{kConverters};
}  // namespace weir::proxy
