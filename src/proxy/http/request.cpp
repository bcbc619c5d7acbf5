// The client's connection: the next request's head is awaited, read and checked.
//
// Between requests the session holds no buffer. What comes behind a request (pipelining) waits in the flow until the
// answer has left. A client that says nothing, leaves, or says what is no request is told so once and let go.
// Manual: timeout http-request, timeout http-keep-alive, option dontlognull, http-ignore-probes; RFC 9112 2.2, 9.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/phases.h"
#include "proxy/http/resting.h"
#include "proxy/http/wire.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/relay.h"
#include "proxy/timing.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::http1::HeadResult;

const HttpSettings& front_settings(const Session& session) { return session.frontend->config->settings.http; }

// Manual: the whole head within http-request, counted from its first byte (of the first request: from the accept);
// between requests http-keep-alive.
void set_request_deadline(Session& session) {
  const Timeouts& timeouts = session.frontend->config->settings.timeouts;
  const bool idle = session.request.end == session.request.start;
  const bool first = session.requests == 0;
  const Timeout& whole = timeouts.http_request ? timeouts.http_request : timeouts.client;
  if (idle && !first) {
    const Timeout& between = timeouts.http_keep_alive ? timeouts.http_keep_alive : whole;
    session.phase_deadline = later(session.facts.accepted, between);
  } else {
    session.phase_deadline = later(first ? session.facts.accepted : session.facts.request_began, whole);
  }
}

// What the log says of the request, kept for when the head is gone.
void keep_for_log(Session& session, HttpExchange& exchange) {
  const std::size_t most = session.worker->plan->global->log_uri_length;
  exchange.method = exchange.texts.copy(exchange.request.method_text).value_or("");
  exchange.target = exchange.texts.copy(exchange.request.target.substr(0, most)).value_or("");
  exchange.version = exchange.request.odd_version.empty()
                         ? version_text(exchange.request.version)
                         : exchange.texts.copy(exchange.request.odd_version).value_or("");
  exchange.request_method = exchange.request.method;
  exchange.request_version = exchange.request.version;
}

void count_request(Session& session) {
  WorkerContext& worker = *session.worker;
  FrontendState& frontend = *session.frontend->state;
  frontend.counters[worker.id()].requests.add();
  frontend.request_rate.add(worker.now_ms());
  worker.process->total_requests.fetch_add(1, std::memory_order_relaxed);
  count_tracked_request(session);
}

// A client's wish for its connection, and what the configuration leaves of it.
bool client_stays(const Session& session, const HttpExchange& exchange) {
  const Framing& framing = exchange.request_body.framing;
  if (front_settings(session).after_answer == AfterAnswer::close) return false;
  if (session.worker->process->stopping.load(std::memory_order_relaxed)) return false;
  if (session.frontend->state->removed.load(std::memory_order_relaxed)) return false;
  const bool ambiguous = framing.close_after && !session.worker->plan->global->keeps_ambiguous_framing;
  return framing.keep_alive && !ambiguous;
}

// What began as bytes has been asked the rules before that, and may have its backend.
void begin_where_switched(Session& session) {
  switch (std::exchange(session.switched, Session::Switched::no)) {
    case Session::Switched::no: return;
    case Session::Switched::in_frontend: session.http->stage = RequestStage::front_http; return;
    case Session::Switched::behind_it:
      session.http->stage = RequestStage::back_content;
      session.backend->state->counters[session.worker->id()].requests.add();
      return;
  }
}

void begin_request(Session& session, HttpExchange& exchange, std::size_t size) {
  session.requests++;
  session.head_scanned = 0;
  session.facts.request_complete = session.worker->io->now();
  exchange.head_size = static_cast<std::uint32_t>(size);
  session.request.start += static_cast<std::uint32_t>(size);
  keep_for_log(session, exchange);
  begin_explaining(session, "request");
  explain(session, [&] { return fmt::format("  {} {} {}", exchange.method, exchange.target, exchange.version); });
  count_request(session);
  BodyState& body = exchange.request_body;
  body.framing = frame_request(exchange.request, {.accept_unsafe = front_settings(session).accept_unsafe_request});
  if (body.framing.violation != Violation::none) {
    const Flow& flow = session.request;
    const std::string_view message(flow.buffer + flow.start - size, flow.end - flow.start + size);
    keep_broken_request(session, message, place_of_framing(exchange.request, message), body.framing.violation);
    return refuse_request(session, body.framing.violation);
  }
  begin_where_switched(session);
  // Manual: one whose target begins with neither '/' nor '*'.
  exchange.proxied = front_settings(session).use_proxy_header && !exchange.request.target.starts_with('/') &&
                     !exchange.request.target.starts_with('*');
  if (exchange.proxied) heed_proxy_connection(exchange.request, body.framing);
  body.reader = proto::http1::BodyReader(body.framing);
  body.read_over = body.reader.over();
  exchange.client_keep_alive = exchange.wanted_keep_alive = client_stays(session, exchange);
  session.phase = Phase::inspecting;
  session.phase_deadline = TimePoint::max();
  judge_request(session);
}

// A request takes the plan that runs when it begins.
void take_current_plan(Session& session) {
  const std::shared_ptr<const Plan>& plan = session.worker->plan;
  if (session.plan == plan) return;
  session.plan = plan;
  if (auto frontend = plan->frontend(session.frontend->config->name);
      frontend && frontend->state == session.frontend->state)
    session.frontend = std::move(frontend);
}

// The client is gone, or done, before its request was whole.
void client_left(Session& session) {
  const bool nothing = session.request.end == session.request.start;
  // Between requests it may go without a word.
  if (nothing && session.requests != 0) {
    session.logged = true;
    return close_session(session, EndedBy::nobody, '-');
  }
  HttpExchange& exchange = take_exchange(session);
  exchange.bad_request = true;
  exchange.status = 400;
  if (!nothing && session.client.error == 0) {  // it has finished speaking, and may still listen
    session.frontend->state->counters[session.worker->id()].failed_requests.add();
    return answer(session, page_of(session, 400), EndedBy::client, 'R');
  }
  exchange.response_sent = true;  // nobody listens
  if (nothing && (front_settings(session).ignore_probes || session.frontend->config->settings.log.skip_null))
    session.logged = true;
  else
    session.frontend->state->counters[session.worker->id()].failed_requests.add();
  close_session(session, EndedBy::client, 'R');
}

}  // namespace

HttpExchange& take_exchange(Session& session) {
  WorkerContext& worker = *session.worker;
  // Rules may add as many fields again as a message may bring.
  session.http = &worker.exchanges.take(std::size_t{2} * worker.plan->global->max_http_fields, worker.io->buffers());
  return *session.http;
}

void begin_http(Session& session) {
  session.is_http = true;
  session.phase = Phase::requesting;
  set_request_deadline(session);
  if (session.request.holds_bytes() || session.request.readable) return read_request(session);
  arm_timer(session);
}

void read_request(Session& session) {
  Flow& flow = session.request;
  if (!fill(session, flow, session.client)) return client_left(session);
  if (flow.end == flow.start) {
    if (flow.ended) return client_left(session);
    return arm_timer(session);
  }
  if (session.facts.request_began == TimePoint{}) {
    session.facts.request_began = session.worker->io->now();
    take_current_plan(session);
    set_request_deadline(session);
  }
  HttpExchange& exchange = take_exchange(session);
  const GlobalConfig& global = *session.worker->plan->global;
  const std::size_t most = session.worker->io->buffers().buffer_size() - global.maxrewrite;
  const HeadResult result = proto::http1::parse_request(
      {flow.buffer + flow.start, flow.end - flow.start}, session.head_scanned,
      {.accept_unsafe = front_settings(session).accept_unsafe_request, .max_fields = global.max_http_fields},
      exchange.request);
  const auto refuse = [&](std::size_t at, Violation why) {
    keep_broken_request(session, {flow.buffer + flow.start, flow.end - flow.start}, at, why);
    refuse_request(session, why);
  };
  switch (result.kind) {
    case HeadResult::Kind::complete:
      if (result.size > most) return refuse(most, Violation::too_large);
      return begin_request(session, exchange, result.size);
    case HeadResult::Kind::violation: return refuse(result.at, result.violation);
    case HeadResult::Kind::need_more: break;
  }
  if (flow.end - flow.start >= most) return refuse(flow.end - flow.start, Violation::too_large);
  give_exchange_back(session);
  if (flow.ended) return client_left(session);
  arm_timer(session);
}

void next_request(Session& session) {
  WorkerContext& worker = *session.worker;
  SessionFacts& facts = session.facts;
  facts.accepted = worker.io->now();
  facts.accepted_wall = worker.io->wall_now();
  facts.request_began = facts.request_complete = facts.response_began = TimePoint{};
  session.phase = Phase::requesting;
  session.head_scanned = 0;
  Flow& flow = session.request;
  if (flow.start != 0 && flow.end != flow.start) {
    std::memmove(flow.buffer, flow.buffer + flow.start, flow.end - flow.start);
    flow.end -= flow.start;
    flow.start = 0;
  }
  if (flow.end == flow.start) drop_held_bytes(session, flow);
  set_request_deadline(session);
  // What is already here waits for its turn behind the other connections.
  if (flow.holds_bytes() || flow.readable || flow.ended) worker.io->reactor().make_ready(session.client.token, EPOLLIN);
  if (!rests(session)) arm_timer(session);
}

void close_waiting_clients(WorkerContext& worker) {
  for (Session* session = worker.sessions.first(); session != nullptr;) {
    Session* const next = session->next;
    const bool waits = session->phase == Phase::requesting && session->requests != 0 &&
                       session->request.end == session->request.start && !session->request.readable;
    if (waits) close_session(*session, EndedBy::nobody, '-');
    session = next;
  }
  while (worker.resting.count() != 0) close_session(worker.resting.wake(worker.resting.at(0)), EndedBy::nobody, '-');
}

}  // namespace weir::proxy
