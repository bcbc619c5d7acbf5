// The timeouts and retries in force, and what the frontend hands on to. Milliseconds; 0 for a timeout that was not set.
// Manual 7.3.3.
#include "proxy/fetch/tables.h"
#include "proxy/plan.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

/// Before a backend is chosen, a `listen` section answers for itself.
const ProxySettings* backend_of(const Context& context) {
  if (context.session == nullptr) return nullptr;
  const Session& session = *context.session;
  if (session.backend) return &session.backend->config->settings;
  return session.frontend->config->is_backend() ? &session.frontend->config->settings : nullptr;
}
const ProxySettings* frontend_of(const Context& context) {
  return context.session == nullptr ? nullptr : &context.session->frontend->config->settings;
}

FetchStatus milliseconds(const Timeout& timeout, Sample& out) {
  out = Sample::integer(timeout ? timeout->count() : 0);
  return FetchStatus::ok;
}
FetchStatus timeout_of(const ProxySettings* proxy, Timeout Timeouts::* which, Sample& out) {
  return proxy == nullptr ? FetchStatus::absent : milliseconds(proxy->timeouts.*which, out);
}
/// Manual, timeout queue, timeout tarpit: not set, they are the connect timeout.
FetchStatus timeout_or_connect(const ProxySettings* proxy, Timeout Timeouts::* which, Sample& out) {
  if (proxy == nullptr) return FetchStatus::absent;
  const Timeout& own = proxy->timeouts.*which;
  return milliseconds(own ? own : proxy->timeouts.connect, out);
}

FetchStatus connect(const Args&, Context& context, Sample& out) {
  return timeout_of(backend_of(context), &Timeouts::connect, out);
}
FetchStatus server(const Args&, Context& context, Sample& out) {
  return timeout_of(backend_of(context), &Timeouts::server, out);
}
FetchStatus tunnel(const Args&, Context& context, Sample& out) {
  return timeout_of(backend_of(context), &Timeouts::tunnel, out);
}
FetchStatus queue(const Args&, Context& context, Sample& out) {
  return timeout_or_connect(backend_of(context), &Timeouts::queue, out);
}
FetchStatus backend_tarpit(const Args&, Context& context, Sample& out) {
  return timeout_or_connect(backend_of(context), &Timeouts::tarpit, out);
}
FetchStatus frontend_tarpit(const Args&, Context& context, Sample& out) {
  return timeout_or_connect(frontend_of(context), &Timeouts::tarpit, out);
}
FetchStatus current_tarpit(const Args&, Context& context, Sample& out) {
  const ProxySettings* backend = backend_of(context);
  return timeout_or_connect(backend != nullptr ? backend : frontend_of(context), &Timeouts::tarpit, out);
}
FetchStatus client(const Args&, Context& context, Sample& out) {
  return timeout_of(frontend_of(context), &Timeouts::client, out);
}
FetchStatus max_retries(const Args&, Context& context, Sample& out) {
  const ProxySettings* proxy = backend_of(context);
  if (proxy == nullptr) return FetchStatus::absent;
  out = Sample::integer(proxy->retries);
  return FetchStatus::ok;
}
FetchStatus current_max_retries(const Args& args, Context& context, Sample& out) {
  const FetchStatus status = max_retries(args, context, out);
  if (status == FetchStatus::ok && context.session->extras && context.session->extras->retries)
    out = Sample::integer(*context.session->extras->retries);
  return status;
}
FetchStatus fe_defbe(const Args&, Context& context, Sample& out) {
  const ProxySettings* proxy = frontend_of(context);
  if (proxy == nullptr || proxy->default_backend.empty()) return FetchStatus::absent;
  out = Sample::string(proxy->default_backend);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "be_connect_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = connect,
     .doc = "The backend's connect timeout.",
     .examples = {{{"be_connect_timeout", "4000"}}}},
    {.name = "be_max_retries",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = max_retries,
     .doc = "How often the backend's configuration lets a connection be tried again.",
     .examples = {{{"be_max_retries", "3"}}}},
    {.name = "be_queue_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = queue,
     .doc = "The backend's queue timeout; its connect timeout when it has none.",
     .examples = {{{"be_queue_timeout", "4000"}}}},
    {.name = "be_server_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = server,
     .doc = "The backend's server timeout.",
     .examples = {{{"be_server_timeout", "60000"}}}},
    {.name = "be_tarpit_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = backend_tarpit,
     .doc = "The backend's tarpit timeout; its connect timeout when it has none.",
     .examples = {{{"be_tarpit_timeout", "4000"}}}},
    {.name = "be_tunnel_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = tunnel,
     .doc = "The backend's tunnel timeout.",
     .examples = {{{"be_tunnel_timeout", "3600000"}}}},
    {.name = "cur_client_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = client,
     .doc = "The client timeout of this session: the frontend's.",
     .examples = {{{"cur_client_timeout", "50000"}}}},
    {.name = "cur_connect_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = connect,
     .doc = "The connect timeout of this session: the backend's.",
     .examples = {{{"cur_connect_timeout", "4000"}}}},
    {.name = "cur_max_retries",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = current_max_retries,
     .doc = "How often this session's connection may be tried again: as the backend or set-retries says.",
     .examples = {{{"cur_max_retries", "3"}}}},
    {.name = "cur_queue_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = queue,
     .doc = "The queue timeout of this session: the backend's.",
     .examples = {{{"cur_queue_timeout", "4000"}}}},
    {.name = "cur_server_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = server,
     .doc = "The server timeout of this session: the backend's.",
     .examples = {{{"cur_server_timeout", "60000"}}}},
    {.name = "cur_tarpit_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = current_tarpit,
     .doc = "The tarpit timeout of this session: the backend's, the frontend's before one is chosen.",
     .examples = {{{"cur_tarpit_timeout", "4000"}}}},
    {.name = "cur_tunnel_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = tunnel,
     .doc = "The tunnel timeout of this session: the backend's.",
     .examples = {{{"cur_tunnel_timeout", "3600000"}}}},
    {.name = "fe_client_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = client,
     .doc = "The frontend's client timeout.",
     .examples = {{{"fe_client_timeout", "50000"}}}},
    {.name = "fe_defbe",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = fe_defbe,
     .doc = "The name of the frontend's default backend.",
     .examples = {{{"fe_defbe", "bk_rdp"}}}},
    {.name = "fe_tarpit_timeout",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = frontend_tarpit,
     .doc = "The frontend's tarpit timeout; its connect timeout when it has none.",
     .examples = {{{"fe_tarpit_timeout", "4000"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> timeout_fetches{kRows};
}  // namespace weir::proxy
