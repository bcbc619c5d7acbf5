// Getting a server: persistence, balancing, the queue, the connection with its retries and redispatches.
//
// A failed attempt is repeated on the same server after a pause, or the server is chosen anew (`option redispatch`).
// What the log and the statistics then say (which attempts are retries, which redispatches, what %Tw covers) is as
// observed on 2.6: a new choice starts the connect time anew, and counts as redispatch only when it is another server.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/explain.h"
#include "proxy/health_events.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/timing.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

constexpr Milliseconds kPause{1000};  // manual, retries: the turn-around before the same server is tried again

TimePoint after(const Session& session, const Timeout& timeout) { return later(session.worker->io->now(), timeout); }

Timeout connect_timeout(const Session& session) {
  if (session.http != nullptr && session.http->connect_timeout) return session.http->connect_timeout;
  return session.backend->config->settings.timeouts.connect;
}

void fail_without_server(Session& session, EndedBy by, char in) {
  session.backend->state->counters[session.worker->id()].failed_connections.add();
  close_session(session, by, in);
}

io::ConnectOptions connect_options(const Session& session, const ServerConfig& server) {
  io::ConnectOptions options = server.connect;
  const ProxySettings& settings = session.backend->config->settings;
  // In HTTP the request is there: it takes the handshake's last ACK along unless it must not.
  if (settings.smart_connect.value_or(session.http != nullptr)) options.quick_ack = false;
  if (settings.server_keepalive) {
    options.keepalive = settings.server_keepalive_options;
    options.keepalive.enabled = true;
  }
  if (session.extras) {
    if (session.extras->server_mark) options.mark = session.extras->server_mark;
    if (session.extras->server_tos) options.tos = session.extras->server_tos;
  }
  const std::optional<SourceSettings>& source = server.source ? server.source : settings.source;
  if (!source) return options;
  options.source = source->address;
  options.first_port = source->first_port;
  options.last_port = source->last_port;
  options.interface = source->interface;
  if (source->use == SourceSettings::Use::fixed) options.foreign_source = source->use_address;
  // A client on a Unix socket has no address to lend: the server then sees ours.
  const bool lends = session.facts.client.is_inet();
  if (lends && (source->use == SourceSettings::Use::client || source->use == SourceSettings::Use::client_ip)) {
    options.foreign_source = session.facts.client;
    if (source->use == SourceSettings::Use::client_ip) options.foreign_source.set_port(0);
  }
  return options;
}

SocketAddress server_address(Session& session, const SocketAddress& address, const ServerConfig& server) {
  // option transparent: the client's own destination, behind a redirection by the system the original one.
  if (address.family() == AddressFamily::none && session.backend->config->settings.transparent)
    return io::original_destination(session.client.fd);
  if (!address.is_inet() || (!server.port_from_client && !address.is_any())) return address;
  const SocketAddress& local = local_address(session);
  // Manual, set-dst: a server of no address of its own is where the client meant to go.
  if (address.is_any() && local.is_inet()) {
    SocketAddress meant = local;
    if (!server.port_from_client && address.port() != 0) meant.set_port(address.port());
    return meant;
  }
  if (!server.port_from_client) return address;
  SocketAddress with_port = address;
  with_port.set_port(static_cast<std::uint16_t>(local.port() + server.port_offset));
  return with_port;
}

void wait_for_server(Session& session, const AssignResult& assigned) {
  session.phase = Phase::queued;
  session.facts.server_queue += assigned.server_queue;
  session.facts.backend_queue += assigned.backend_queue;
  const Timeouts& timeouts = session.backend->config->settings.timeouts;
  Timeout wait = timeouts.queue ? timeouts.queue : timeouts.connect;
  if (session.http != nullptr && session.http->queue_timeout) wait = session.http->queue_timeout;
  session.phase_deadline = after(session, wait);
  arm_timer(session);
}

// Every attempt is a session of the server.
void count_attempt(Session& session) {
  WorkerContext& worker = *session.worker;
  ServerState& server = *session.target;
  server.sessions.increment();
  server.counters[worker.id()].sessions.add();
  server.session_rate.add(worker.now_ms());
}

// The session has its server, at once or out of a queue.
void note_choice(Session& session, bool same_as_before) {
  const TimePoint now = session.worker->io->now();
  session.facts.queue_left = session.facts.connect_started = now;
  if (session.persistent || same_as_before) return;
  const std::uint16_t worker = session.worker->id();
  session.target->counters[worker].picked.add();
  session.backend->state->counters[worker].picked.add();
}

void count_retry(Session& session, ServerState& server) {
  const std::uint16_t worker = session.worker->id();
  server.counters[worker].retries.add();
  session.backend->state->counters[worker].retries.add();
}

void count_redispatch(Session& session, ServerState& from) {
  const std::uint16_t worker = session.worker->id();
  session.facts.redispatched = true;
  from.counters[worker].redispatches.add();
  session.backend->state->counters[worker].redispatches.add();
}

AssignResult assign(Session& session, ServerState* before) {
  WorkerContext& worker = *session.worker;
  AssignRequest request;
  std::shared_ptr<ServerState> wanted;
  if (before == nullptr && !session.facts.redispatched) wanted = persistent_server(session);
  request.wanted = wanted.get();
  request.wanted_even_down = session.backend->config->settings.persist || session.force_persist;
  request.may_give_way = session.backend->config->settings.redispatch;
  request.hash = balance_hash(session);
  // A hash has its one answer; turns go on to somebody else.
  if (!request.hash) request.excluded = before;
  if (session.extras) request.priority = {session.extras->priority_class, session.extras->priority_offset};
  request.waiter = &session.waiter;
  request.now = worker.io->now();
  worker.arena.reset();
  AssignResult assigned = session.backend->state->assign(request);
  session.persistent = wanted != nullptr && assigned.server == wanted;
  explain_server(session, assigned, wanted != nullptr);
  // COMPAT: observed on 2.6: persistence that gave way to a full queue is told as a redispatch.
  if (assigned.gave_way) session.facts.redispatched = true;
  return assigned;
}

}  // namespace

void ask_for_server(Session& session) {
  if (session.facts.queued == TimePoint{}) {
    session.facts.queued = session.worker->io->now();
    note_persistence(session);
  }
  const std::shared_ptr<ServerState> before = session.reassign ? session.target : nullptr;
  session.reassign = false;
  AssignResult assigned = assign(session, before.get());
  if (assigned.kind == AssignResult::Kind::no_server) return fail_without_server(session, EndedBy::server, 'C');
  session.target = assigned.server;
  const bool same = before != nullptr && session.target == before;
  if (before != nullptr) same ? count_retry(session, *before) : count_redispatch(session, *before);
  switch (assigned.kind) {
    case AssignResult::Kind::server:
      note_choice(session, same);
      begin_connect(session, std::move(assigned));
      return;
    case AssignResult::Kind::queued: wait_for_server(session, assigned); return;
    case AssignResult::Kind::queue_full:
      session.target->counters[session.worker->id()].failed_connections.add();
      fail_without_server(session, EndedBy::server, 'Q');
      return;
    case AssignResult::Kind::no_server: return;
  }
}

void resume_queued(Session& session) {
  if (session.phase != Phase::queued) return;
  std::shared_ptr<ServerState> granted = session.backend->state->take_grant(session.waiter);
  session.phase_deadline = TimePoint::max();
  if (!granted) {
    session.target.reset();
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
  assigned.server = session.target = std::move(granted);
  note_choice(session, false);
  begin_connect(session, std::move(assigned));
}

void begin_connect(Session& session, AssignResult assigned) {
  session.target = std::move(assigned.server);
  session.target_config = std::move(assigned.config);
  session.holds_slot = true;
  if (session.extras) session.extras->server_header.clear();  // of an attempt that failed
  count_attempt(session);
  session.phase = Phase::connecting;
  if (session.target_config->fcgi) {
    // A reload has made it an application's since the request came, which is told by the lines before it.
    if (session.http == nullptr || !session.http->fcgi) return close_session(session, EndedBy::internal, 'C');
    session.http->fcgi->values = {};
  }
  session.facts.server = server_address(session, assigned.address, *session.target_config);
  explain(session, [&] { return fmt::format("  at {}", session.facts.server.to_string()); });
  if (stops_at_server(session)) [[unlikely]]
    return kill_session(session, EndedBy::nobody);
  if (!session.target_config->redirect.empty() && sent_elsewhere(session)) [[unlikely]]
    return;
  if (session.is_http && go_over_resting(session)) return;
  open_server_connection(session);
}

namespace {

// With a socket that another connection left, or a new one. Registered; the descriptor and the token are the session's
// from here, also after a failure.
io::IoResult<void> dial(Session& session) {
  io::Worker& worker = *session.worker->io;
  Side& server = session.server;
  const SocketAddress& address = session.facts.server;
  const io::ConnectOptions options = connect_options(session, *session.target_config);
  server.plain = address.is_inet() && options == io::ConnectOptions{.quick_ack = options.quick_ack};
  if (server.plain) {
    if (auto spare = worker.spare_sockets().take(address.family())) {
      server.fd = spare->fd.release();
      server.token = spare->token;
      worker.reactor().rebind(server.token, on_server_event, &session);
      return io::connect_again(server.fd, address, options.quick_ack);
    }
  }
  auto opened = io::open_connection(address, options);
  if (!opened) return unexpected(opened.error());
  server.fd = opened->release();
  const auto token = worker.reactor().add(server.fd, on_server_event, &session);
  if (!token) return unexpected(token.error());
  server.token = *token;
  return {};
}

bool is_shortage(io::IoErrorKind kind) {
  return kind == io::IoErrorKind::no_descriptors || kind == io::IoErrorKind::no_memory ||
         kind == io::IoErrorKind::address_in_use;
}

}  // namespace

void open_server_connection(Session& session) {
  if (session.target_config->fcgi) make_room_at_application(session);
  session.server.connected = false;
  session.server_requests = 0;
  session.server.last_read = session.server.last_write = session.worker->io->now();
  const auto dialed = dial(session);
  session.server.error = dialed ? ConnectionError{} : connection_error_of(dialed.error().os_error);
  if (dialed) return wait_for_connection(session);
  if (is_shortage(dialed.error().kind)) return close_session(session, EndedBy::resource, 'C');
  connect_failed(session, false);
}

void wait_for_connection(Session& session) {
  session.phase_deadline = after(session, connect_timeout(session));
  arm_timer(session);
}

void server_connected(Session& session) {
  const bool fcgi = session.target_config->fcgi;
  const bool header_sent = fcgi && session.http->fcgi->values.asked;
  if (session.target_config->send_proxy.version() != 0 && !header_sent && !send_proxy_header(session)) return;
  if (fcgi && !ask_fcgi_values(session)) return;
  session.server.connected = true;
  if (session.target_config->health.observe)
    observe_connection(*session.worker, *session.target, *session.target_config, true);
  session.facts.connect_finished = session.worker->io->now();
  // Only formats of one's own and rules about the answer may ask for it.
  if (session.frontend->log.own_words || !session.backend->config->response_rules.empty())
    session.facts.source = io::local_address(session.server.fd);
  session.phase_deadline = TimePoint::max();
  begin_exchange(session);
}

namespace {

// Manual, option redispatch: every P-th retry, or, negative, the N-th from the last on.
bool interval_is_due(const Session& session) {
  const ProxySettings& settings = session.backend->config->settings;
  const int left = session.attempts_left;
  const int retry = session.facts.retries;
  if (settings.redispatch_interval > 0) return retry % settings.redispatch_interval == 0;
  return settings.redispatch_interval < 0 && left == -settings.redispatch_interval - 1;
}

struct NextAttempt {
  bool reassign = false;  // choose anew
  bool at_once = false;   // there is somebody else to choose: no pause
};

// A session that turns brought to its server has no reason to insist on it while others take part.
NextAttempt plan_next(const Session& session) {
  // Manual, force-persist: it ends every redispatch.
  if (!session.backend->config->settings.redispatch || session.force_persist) return {};
  BackendState& backend = *session.backend->state;
  const ServerState& server = *session.target;
  const std::scoped_lock guard(backend.lock);
  const bool others = backend.picker->usable() > 1;
  const bool gone = !server.health.usable_by_persistence() || server.removed.load(std::memory_order_relaxed);
  const bool by_turns = !session.persistent && backend.picker->algorithm().key == balance::KeyKind::none;
  const bool reassign = gone || interval_is_due(session) || (by_turns && others);
  return {.reassign = reassign, .at_once = reassign && others};
}

void give_up(Session& session, bool timed_out) {
  const std::uint16_t worker = session.worker->id();
  session.target->counters[worker].failed_connections.add();
  session.backend->state->counters[worker].failed_connections.add();
  EndedBy by = timed_out ? EndedBy::server_timeout : EndedBy::server;
  if (client_idle_too_long(session)) by = EndedBy::client_timeout;  // COMPAT: observed on 2.6
  close_session(session, by, 'C');
}

}  // namespace

void connect_failed(Session& session, bool timed_out) {
  close_server_side(session, true);
  if (session.target_config->health.observe)
    observe_connection(*session.worker, *session.target, *session.target_config, false);
  const bool again = !session.is_http || (session.backend->config->settings.http.retry_on & retry::conn_failure) != 0;
  if (session.attempts_left == 0 || !again) return give_up(session, timed_out);
  session.attempts_left--;
  session.facts.retries++;
  const NextAttempt next = plan_next(session);
  session.reassign = next.reassign;
  if (!next.reassign) count_retry(session, *session.target);
  if (next.at_once || timed_out) return retry_connect(session);
  session.phase = Phase::pausing;
  const Timeout connect = connect_timeout(session);
  session.phase_deadline =
      session.worker->io->now() + (connect && connect->count() != 0 ? std::min(*connect, kPause) : kPause);
  arm_timer(session);
}

// The connection was good and the answer was not: nothing is gained by a pause. Manual, retry-on.
void send_again(Session& session) {
  close_server_side(session, true);
  session.attempts_left--;
  session.facts.retries++;
  session.reassign = plan_next(session).reassign;
  if (!session.reassign) count_retry(session, *session.target);
  retry_connect(session);
}

void retry_connect(Session& session) {
  if (session.reassign) {
    release_target(session);
    return ask_for_server(session);
  }
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
