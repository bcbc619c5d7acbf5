// The end of an exchange: counters, the log line, what the connections do next.
//
// A server's connection rests when both messages were whole and both sides agreed to keep it; the client's waits for
// another request under the same conditions. Everything that belonged to the request alone is given back here.
#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/relay.h"
#include "proxy/timing.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

bool http_server_stays(const Session& session, const Framing& framing) {
  const bool ambiguous = framing.close_after && !session.worker->plan->global->keeps_ambiguous_framing;
  return framing.kind != BodyKind::until_close && framing.keep_alive && !ambiguous && servers_are_kept(session);
}

bool server_stays(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (session.server.fd < 0 || exchange.local || exchange.tunnel || exchange.request_broken) return false;
  if (exchange.server_closes) return false;
  if (!exchange.request_body.over || !exchange.response_body.over) return false;
  const BodyState& body = exchange.response_body;
  const bool fcgi = body.records != nullptr;
  if (fcgi ? !fcgi_server_stays(session) : !http_server_stays(session, body.framing)) return false;
  if (session.request.fin_sent) return false;
  if (session.response.ended || session.response.end != session.response.start) return false;  // it said too much
  return !session.worker->process->stopping.load(std::memory_order_relaxed);
}

void count_times(Session& session) {
  const SessionFacts& facts = session.facts;
  if (!session.backend || session.target == nullptr || facts.connect_finished == TimePoint{}) return;
  const auto between = [](TimePoint from, TimePoint to) {
    const std::int64_t ms = elapsed_ms(from, to);
    return static_cast<std::uint32_t>(std::max<std::int64_t>(ms, 0));
  };
  const std::uint32_t queue = between(facts.request_complete, facts.queue_left);
  const std::uint32_t connect = between(facts.connect_started, facts.connect_finished);
  const std::uint32_t response = between(facts.connect_finished, facts.response_began);
  const std::uint32_t total = between(facts.request_complete, session.worker->io->now());
  const auto add = [&](auto& state) {
    state.queue_time.add(queue);
    state.connect_time.add(connect);
    state.response_time.add(response);
    state.total_time.add(total);
  };
  add(*session.backend->state);
  add(*session.target);
}

// What belongs to one request only.
void forget_request(Session& session) {
  if (session.extras) {
    SessionExtras& more = *session.extras;
    if (more.client_before) session.facts.client = *std::exchange(more.client_before, std::nullopt);
    if (more.local_before) session.facts.local = *std::exchange(more.local_before, std::nullopt);
    more.forget_request();
  }
  if (session.variables) {
    session.variables->end(sample::VariableScope::req);
    session.variables->end(sample::VariableScope::res);
    session.variables->end(sample::VariableScope::txn);
  }
  SessionFacts& facts = session.facts;
  facts.queued = facts.queue_left = facts.connect_started = facts.connect_finished = TimePoint{};
  facts.retries = 0;
  facts.redispatched = false;
  facts.server_queue = facts.backend_queue = 0;
  facts.ended_by = EndedBy::nobody;
  facts.ended_in = '-';
  session.last_rule = nullptr;
  session.routed = session.persistent = session.force_persist = session.ignore_persist = false;
  session.logged = session.reassign = session.judging_response = session.answered = false;
  session.request.total = session.request.reported = 0;
  session.response.total = session.response.reported = 0;
  session.request.saved = session.response.saved = 0;
  restart_tracked_bytes(session);
  session.request.fin_sent = session.response.fin_sent = false;
  session.response.ended = session.response.readable = session.response.to_end = session.response.blocked = false;
  session.response.large = session.request.large = false;
}

}  // namespace

bool servers_are_kept(const Session& session) {
  return session.backend->config->settings.http.after_answer == AfterAnswer::keep_alive &&
         session.frontend->config->settings.http.after_answer == AfterAnswer::keep_alive;
}

void count_status(Session& session, std::uint16_t status) {
  const std::uint16_t worker = session.worker->id();
  const std::size_t kind = status >= 100 && status < 600 ? status / 100U : 0;
  session.frontend->state->counters[worker].responses[kind].add();
  if (session.backend) session.backend->state->counters[worker].responses[kind].add();
  if (session.target && !session.http->local) session.target->counters[worker].responses[kind].add();
}

void end_exchange(Session& session) {
  HttpExchange& exchange = *session.http;
  if (exchange.status != 0) {
    count_status(session, exchange.status);
    count_tracked_status(session, exchange.status);
  }
  count_times(session);
  write_log(session, LogOrigin::txn_close);
  end_explaining(session);
  end_request_tracking(session);
}

void give_exchange_back(Session& session) {
  session.worker->exchanges.give(*session.http);
  session.http = nullptr;
}

void finish_exchange(Session& session) {
  HttpExchange& exchange = *session.http;
  if (!exchange.request_body.over && !discard_body(session.request, exchange.request_body))
    exchange.client_keep_alive = false;
  const bool more_may_come = !session.request.ended || session.request.holds_bytes();
  // A soft stop that came while the answer left: nobody would let this client go any more.
  const bool stopping = session.worker->process->stopping.load(std::memory_order_relaxed);
  const bool client_stays = exchange.client_keep_alive && more_may_come && !stopping;
  exchange.client_keep_alive = client_stays;
  if (server_stays(session)) rest_server_connection(session);
  if (!client_stays) return close_session(session, EndedBy::nobody, '-');
  report_bytes(session);
  if (session.server.fd >= 0) close_server_side(session, false);
  release_target(session);
  if (session.counted_in_backend) session.backend->state->sessions.decrement();
  session.counted_in_backend = false;
  end_exchange(session);
  if (session.backend && session.backend->config->settings.http.prefer_last_server)
    extras(session).last_server = session.target;
  session.backend.reset();
  session.target.reset();
  session.target_config.reset();
  drop_held_bytes(session, session.response);
  give_exchange_back(session);
  forget_request(session);
  next_request(session);
}

}  // namespace weir::proxy
