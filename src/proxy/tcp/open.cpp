// A session's beginning: limits, counters, the connection rules, registration; and the context that rules look at.
#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

Session::Session() = default;
Session::~Session() = default;

SessionExtras& extras(Session& session) {
  if (!session.extras) session.extras = std::make_unique<SessionExtras>();
  return *session.extras;
}

const SocketAddress& local_address(Session& session) {
  SocketAddress& local = session.facts.local;
  if (local.family() == AddressFamily::none && session.client.fd >= 0) local = io::local_address(session.client.fd);
  return local;
}

SessionHandle Session::handle() const { return {slot, generation, worker->id()}; }

namespace {

void add_messages(const Session& session, ContextParts& parts) {
  const HttpExchange* exchange = session.http;
  const BodyState& body = exchange->request_body;
  parts.http_request = {.head = &exchange->request,
                        .body = buffered_body(session.request, body),
                        .body_complete = body.read_over || exchange->body_over_due || parts.request.closed};
  parts.http_response = {.head = &exchange->response,
                         .body = buffered_body(session.response, exchange->response_body),
                         .body_complete = exchange->response_body.read_over || parts.response.closed};
}

}  // namespace

sample::Context make_context(Session& session, ContextParts& parts, bool final) {
  WorkerContext& worker = *session.worker;
  parts.client = {.source = &session.facts.client,
                  .destination = &local_address(session),
                  .own_source = nullptr,
                  .own_destination = nullptr,
                  .tlvs = {},
                  .accepted = session.facts.accepted_wall,
                  .endpoint_name = session.listener->name,
                  .endpoint_id = session.listener->id,
                  .proxy_name = session.frontend->config->name,
                  .proxy_id = session.frontend->config->id};
  if (session.extras) {
    const SessionExtras& more = *session.extras;
    if (more.own_client) parts.client.own_source = &*more.own_client;
    if (more.own_local) parts.client.own_destination = &*more.own_local;
    parts.client.proxy_header = more.has_proxy_header;
    parts.client.tlvs = more.tlvs;
  }
  if (session.backend) {
    parts.server.proxy_name = session.backend->config->name;
    parts.server.proxy_id = session.backend->config->id;
  }
  if (session.target) {
    parts.server.endpoint_name = session.target->name;
    parts.server.endpoint_id = session.target->id;
    parts.server.destination = &session.facts.server;
    parts.server.source = &session.facts.source;
  }
  const Flow& flow = session.request;
  const auto capacity = worker.io->buffers().buffer_size();
  if (flow.buffer != nullptr) parts.request.bytes = {flow.buffer + flow.start, flow.end - flow.start};
  parts.request.closed = flow.ended || (flow.buffer != nullptr && flow.end == capacity);
  const Flow& answer = session.response;
  if (answer.buffer != nullptr) parts.response.bytes = {answer.buffer + answer.start, answer.end - answer.start};
  parts.response.closed = answer.ended || (answer.buffer != nullptr && answer.end == capacity);
  if (session.http != nullptr) add_messages(session, parts);
  return {.arena = worker.arena,
          .client = &parts.client,
          .server = session.backend ? &parts.server : nullptr,
          .request = &parts.request,
          .response = &parts.response,
          .http_request = session.http != nullptr && session.http->request_head_alive && !session.http->bad_request
                              ? &parts.http_request
                              : nullptr,
          .http_response = session.http != nullptr && session.http->response_begun ? &parts.http_response : nullptr,
          .wall_now = worker.io->wall_now(),
          .now = worker.io->now(),
          .session = &session,
          .variables = &session.variables,
          .process_variables = &worker.process->variables,
          .trace = trace_of(session),
          .final = final};
}

namespace {

// Rules that see addresses and handshakes, no bytes: they never wait.
Verdict early_verdict(Session& session, std::span<const Rule> rules, std::string_view set) {
  if (rules.empty()) return Verdict::accept;
  explain_set(session, set, session.frontend->config->name);
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  std::uint16_t next = 0;
  const Verdict verdict = run_rules(rules, next, context, session, session.frontend->rules.get());
  session.worker->arena.reset();
  return verdict;
}

void count_connection(WorkerListener& listener) {
  WorkerContext& worker = *listener.worker;
  FrontendState& frontend = *listener.frontend->state;
  const std::uint64_t now_ms = worker.now_ms();
  frontend.counters[worker.id()].connections.add();
  frontend.connection_rate.add(now_ms);
  worker.process->connection_rate.add(now_ms);
  worker.process->total_connections.fetch_add(1, std::memory_order_relaxed);
  listener.state->accepted.fetch_add(1, std::memory_order_relaxed);
}

// True when the session was closed. The manual: what these rules reject is not logged, and costs nothing more.
bool turned_away(Session& session, std::span<const Rule> rules, std::string_view set,
                 Counter FrontendCounters::* counter) {
  const Verdict verdict = early_verdict(session, rules, set);
  if (verdict == Verdict::accept) return false;
  FrontendCounters& counters = session.frontend->state->counters[session.worker->id()];
  // COMPAT: observed on 2.6: a silent drop counts as a denied request whatever the rule set.
  (verdict == Verdict::silent_drop ? counters.denied_requests : counters.*counter).add();
  session.logged = true;
  close_session(session, EndedBy::proxy, 'R');
  return true;
}

}  // namespace

void open_session(WorkerListener& listener, io::Fd connection, const SocketAddress& peer) {
  WorkerContext& worker = *listener.worker;
  const FrontendPlan& frontend = *listener.frontend;
  count_connection(listener);
  Session& session = worker.sessions.take();
  session.worker = &worker;
  session.serial = worker.process->next_session.fetch_add(1, std::memory_order_relaxed);
  session.plan = worker.plan;
  session.frontend = listener.frontend;
  session.listener = listener.state;
  session.client.fd = connection.release();
  session.client.connected = true;
  session.client.last_read = session.client.last_write = worker.io->now();
  session.facts.accepted = worker.io->now();
  session.facts.accepted_wall = worker.io->wall_now();
  session.facts.client = peer;
  session.timer.set(on_session_timer, &session);
  session.waiter.who = session.handle();
  session.phase = Phase::inspecting;
  begin_explaining(session, "connection");

  constexpr std::uint16_t kPrivileged = 1024;
  if (session.plan->global->reject_privileged_ports && peer.is_inet() && peer.port() < kPrivileged) [[unlikely]] {
    session.frontend->state->counters[worker.id()].denied_connections.add();
    session.logged = true;
    return close_session(session, EndedBy::proxy, 'R');
  }
  if (turned_away(session, frontend.config->connection_rules, "tcp-request connection",
                  &FrontendCounters::denied_connections))
    return;
  const auto token = worker.io->reactor().add_connected(session.client.fd, on_client_event, &session);
  if (!token) {
    close_session(session, EndedBy::resource, 'R');
    return;
  }
  session.client.token = *token;
  if (listener.accept_proxy) extras(session).expects_proxy = true;
  if (listener.netscaler_magic) extras(session).netscaler_magic = listener.netscaler_magic;
  const bool header_first = session.extras && (session.extras->expects_proxy || session.extras->netscaler_magic);
  header_first ? begin_handshake(session) : begin_session(session);
}

void begin_session(Session& session) {
  WorkerContext& worker = *session.worker;
  FrontendState& frontend = *session.frontend->state;
  session.phase = Phase::inspecting;
  if (turned_away(session, session.frontend->config->session_rules, "tcp-request session",
                  &FrontendCounters::denied_sessions))
    return;
  count_tracked_session(session);
  frontend.counters[worker.id()].sessions.add();
  frontend.session_rate.add(worker.now_ms());
  worker.process->session_rate.add(worker.now_ms());
  log_at(session, LogOrigin::txn_accept);
  if (session.frontend->config->settings.mode == Mode::http) return begin_http(session);
  const std::uint32_t generation = session.generation;
  begin_inspection(session);
  if (session.generation == generation) log_plain_connect(session);
}

}  // namespace weir::proxy
