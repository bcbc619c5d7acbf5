// Getting a server: persistence, balancing, the queue, the connection with its retries and redispatches.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/process_state.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

constexpr Milliseconds kPause{1000};  // manual, retries: the turn-around before the same server is tried again

TimePoint after(const Session& session, Timeout timeout) {
  return timeout && timeout->count() != 0 ? session.worker->io->now() + *timeout : TimePoint::max();
}

void fail_without_server(Session& session, EndedBy by, char in) {
  session.backend->state->counters[session.worker->id()].failed_connections.add();
  close_session(session, by, in);
}

io::ConnectOptions connect_options(const Session& session, const ServerConfig& server) {
  io::ConnectOptions options = server.connect;
  const ProxySettings& settings = session.backend->config->settings;
  if (settings.smart_connect) options.quick_ack = false;
  if (settings.server_keepalive) {
    options.keepalive = settings.server_keepalive_options;
    options.keepalive.enabled = true;
  }
  const std::optional<SourceSettings>& source = server.source ? server.source : settings.source;
  if (!source) return options;
  options.source = source->address;
  options.first_port = source->first_port;
  options.last_port = source->last_port;
  options.interface = source->interface;
  if (source->use == SourceSettings::Use::fixed) options.foreign_source = source->use_address;
  if (source->use == SourceSettings::Use::client || source->use == SourceSettings::Use::client_ip) {
    options.foreign_source = session.facts.client;
    if (source->use == SourceSettings::Use::client_ip) options.foreign_source.set_port(0);
  }
  return options;
}

SocketAddress server_address(Session& session, const SocketAddress& address, const ServerConfig& server) {
  if (!server.port_from_client || !address.is_inet()) return address;
  SessionFacts& facts = session.facts;
  if (facts.local.family() == AddressFamily::none) facts.local = io::local_address(session.client.fd);
  SocketAddress with_port = address;
  with_port.set_port(static_cast<std::uint16_t>(facts.local.port() + server.port_offset));
  return with_port;
}

void wait_for_server(Session& session, const AssignResult& assigned) {
  session.phase = Phase::queued;
  session.facts.server_queue += assigned.server_queue;
  session.facts.backend_queue += assigned.backend_queue;
  const Timeouts& timeouts = session.backend->config->settings.timeouts;
  session.phase_deadline = after(session, timeouts.queue ? timeouts.queue : timeouts.connect);
  arm_timer(session);
}

void count_attempt(Session& session) {
  WorkerContext& worker = *session.worker;
  ServerState& server = *session.target;
  server.sessions.increment();
  if (session.facts.connect_started == TimePoint{}) {
    server.counters[worker.id()].sessions.add();
    server.session_rate.add(worker.now_ms());
    if (!session.persistent) {
      server.counters[worker.id()].picked.add();
      session.backend->state->counters[worker.id()].picked.add();
    }
  }
}

}  // namespace

void ask_for_server(Session& session) {
  WorkerContext& worker = *session.worker;
  if (session.facts.queued == TimePoint{}) session.facts.queued = worker.io->now();
  AssignRequest request;
  std::shared_ptr<ServerState> wanted;
  if (!session.facts.redispatched) wanted = persistent_server(session);
  request.wanted = wanted.get();
  request.wanted_even_down = session.backend->config->settings.persist;
  request.excluded = session.facts.redispatched ? session.target.get() : nullptr;
  request.hash = balance_hash(session);
  request.waiter = &session.waiter;
  request.now = worker.io->now();
  worker.arena.reset();
  AssignResult assigned = session.backend->state->assign(request);
  session.persistent = wanted != nullptr && assigned.server == wanted;
  switch (assigned.kind) {
    case AssignResult::Kind::server: begin_connect(session, std::move(assigned)); return;
    case AssignResult::Kind::queued: wait_for_server(session, assigned); return;
    case AssignResult::Kind::no_server: fail_without_server(session, EndedBy::server, 'C'); return;
    case AssignResult::Kind::queue_full: fail_without_server(session, EndedBy::server, 'Q'); return;
  }
}

void resume_queued(Session& session) {
  if (session.phase != Phase::queued) return;
  std::shared_ptr<ServerState> granted = session.backend->state->take_grant(session.waiter);
  session.phase_deadline = TimePoint::max();
  if (!granted) {
    ask_for_server(session);
    return;
  }
  AssignResult assigned;
  assigned.kind = AssignResult::Kind::server;
  {
    const std::scoped_lock guard(session.backend->state->lock);
    assigned.address = granted->address;
    assigned.config = granted->config;
  }
  assigned.server = std::move(granted);
  begin_connect(session, std::move(assigned));
}

void begin_connect(Session& session, AssignResult assigned) {
  WorkerContext& worker = *session.worker;
  session.target = std::move(assigned.server);
  session.holds_slot = true;
  if (session.facts.queue_left == TimePoint{}) session.facts.queue_left = worker.io->now();
  count_attempt(session);
  if (session.facts.connect_started == TimePoint{}) session.facts.connect_started = worker.io->now();
  session.phase = Phase::connecting;
  const SocketAddress address = server_address(session, assigned.address, *assigned.config);
  auto opened = io::open_connection(address, connect_options(session, *assigned.config));
  if (!opened) {
    const io::IoErrorKind kind = opened.error().kind;
    if (kind == io::IoErrorKind::no_descriptors || kind == io::IoErrorKind::no_memory ||
        kind == io::IoErrorKind::address_in_use) {
      close_session(session, EndedBy::resource, 'C');
      return;
    }
    connect_failed(session, false);
    return;
  }
  session.server.fd = opened->release();
  session.server.connected = false;
  session.server.last_read = session.server.last_write = worker.io->now();
  const auto token = worker.io->reactor().add(session.server.fd, on_server_event, &session);
  if (!token) {
    close_session(session, EndedBy::resource, 'C');
    return;
  }
  session.server.token = *token;
  session.phase_deadline = after(session, session.backend->config->settings.timeouts.connect);
  arm_timer(session);
}

void server_connected(Session& session) {
  session.server.connected = true;
  session.facts.connect_finished = session.worker->io->now();
  session.phase_deadline = TimePoint::max();
  begin_exchange(session);
}

namespace {

// Manual, retries and option redispatch: the interval counts from the front when positive, from the back when negative.
bool redispatch_now(const Session& session) {
  const ProxySettings& settings = session.backend->config->settings;
  if (!settings.redispatch || settings.redispatch_interval == 0) return false;
  const int left = session.attempts_left;
  const int done = settings.retries - left;
  if (settings.redispatch_interval > 0) return done % settings.redispatch_interval == 0;
  return (left + 1) % -settings.redispatch_interval == 0;
}

}  // namespace

void connect_failed(Session& session, bool timed_out) {
  WorkerContext& worker = *session.worker;
  close_server_side(session, true);
  BackendState& backend = *session.backend->state;
  if (session.attempts_left == 0) {
    session.target->counters[worker.id()].failed_connections.add();
    backend.counters[worker.id()].failed_connections.add();
    close_session(session, timed_out ? EndedBy::server_timeout : EndedBy::server, 'C');
    return;
  }
  session.attempts_left--;
  session.facts.retries++;
  session.target->counters[worker.id()].retries.add();
  backend.counters[worker.id()].retries.add();
  bool target_gone = false;
  {
    const std::scoped_lock guard(backend.lock);
    target_gone =
        !session.target->health.usable_by_persistence() || session.target->removed.load(std::memory_order_relaxed);
  }
  if (redispatch_now(session) || (target_gone && session.backend->config->settings.redispatch)) {
    session.target->counters[worker.id()].redispatches.add();
    backend.counters[worker.id()].redispatches.add();
    session.facts.redispatched = true;
    release_target(session);
    ask_for_server(session);
    return;
  }
  if (timed_out) {
    retry_connect(session);
    return;
  }
  session.phase = Phase::pausing;
  const Timeout connect = session.backend->config->settings.timeouts.connect;
  session.phase_deadline = worker.io->now() + (connect && connect->count() != 0 ? std::min(*connect, kPause) : kPause);
  arm_timer(session);
}

void retry_connect(Session& session) {
  AssignResult again;
  again.kind = AssignResult::Kind::server;
  again.server = session.target;
  {
    const std::scoped_lock guard(session.backend->state->lock);
    again.address = session.target->address;
    again.config = session.target->config;
  }
  session.target->sessions.decrement();  // count_attempt() adds it again: the slot stays reserved meanwhile
  begin_connect(session, std::move(again));
}

}  // namespace weir::proxy
