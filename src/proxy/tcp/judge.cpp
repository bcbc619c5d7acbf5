// Looking at the server's first bytes: `tcp-response inspect-delay`, `tcp-response content`, and sticking by responses.
//
// The server's bytes are read into the flow's buffer and held there until the rules let them through. The rules are
// asked as soon as the server is connected, before it has said anything: a rule that can decide then does. COMPAT:
// observed on 2.6. An undecided rule waits for more bytes until the delay is over, the server has sent its FIN or the
// buffer is full; the client's bytes travel meanwhile.
#include "proxy/explain.h"
#include "proxy/process_state.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

bool buffer_is_full(const Session& session) {
  const Flow& flow = session.response;
  return flow.buffer != nullptr && flow.end == session.worker->io->buffers().buffer_size();
}

Judgement deny(Session& session, Verdict verdict) {
  const std::uint16_t worker = session.worker->id();
  if (verdict == Verdict::silent_drop) {
    // COMPAT: observed on 2.6: it counts and is logged as a denied request.
    session.frontend->state->counters[worker].denied_requests.add();
    session.backend->state->counters[worker].denied_requests.add();
    close_session(session, EndedBy::proxy, 'R');
    return Judgement::closed;
  }
  session.frontend->state->counters[worker].denied_responses.add();
  session.backend->state->counters[worker].denied_responses.add();
  session.target->counters[worker].denied_responses.add();
  drop_held_bytes(session, session.response);
  close_session(session, EndedBy::proxy, 'D');
  return Judgement::closed;
}

// Manual, close: the server is let go at once; the client gets what was said so far and then a FIN.
Judgement close_server_early(Session& session) {
  close_server_side(session, false);
  drop_held_bytes(session, session.request);
  session.request.ended = session.request.fin_sent = true;
  session.response.ended = true;
  session.response.readable = false;
  return Judgement::over;
}

// What `stick store-response` looks at is still held here.
void store_sticking(Session& session) {
  if (session.answered || !session.response.holds_bytes()) return;
  session.answered = true;
  store_response_sticking(session);
}

}  // namespace

void begin_judging(Session& session) {
  const BackendPlan& backend = *session.backend;
  session.answered = !backend.stores_on_response;
  session.judging_response = !backend.config->response_rules.empty() || backend.stores_on_response;
  if (const Timeout& delay = backend.config->response_inspect_delay)
    session.response_deadline = session.worker->io->now() + *delay;
}

Judgement judge_response(Session& session) {
  Flow& flow = session.response;
  const ProxyConfig& config = *session.backend->config;
  if (!fill(session, flow, session.server)) {
    close_session(session, EndedBy::server, 'D');
    return Judgement::closed;
  }
  const bool over = flow.ended || buffer_is_full(session);
  if (!config.response_rules.empty()) {
    const bool final = over || !config.response_inspect_delay || session.worker->io->now() >= session.response_deadline;
    ContextParts parts;
    sample::Context context = make_context(session, parts, final);
    context.in_response = true;
    explain_set(session, "tcp-response content", config.name);
    const Verdict verdict =
        run_rules(config.response_rules, session.next_response_rule, context, session, session.backend->rules.get());
    session.worker->arena.reset();
    if (verdict == Verdict::wait) {
      arm_timer(session);
      return Judgement::waiting;
    }
    if (session.next_response_rule < config.response_rules.size())
      session.last_rule = &config.response_rules[session.next_response_rule];
    if (verdict == Verdict::reject || verdict == Verdict::silent_drop) return deny(session, verdict);
    if (verdict == Verdict::close) {
      session.judging_response = false;
      return close_server_early(session);
    }
  }
  // Once the rules have decided, sticking still waits for the first word.
  session.next_response_rule = static_cast<std::uint16_t>(config.response_rules.size());
  if (!session.answered && !flow.holds_bytes() && !over) {
    session.response_deadline = TimePoint::max();
    return Judgement::waiting;
  }
  store_sticking(session);
  session.judging_response = false;
  session.response_deadline = TimePoint::max();
  arm_timer(session);
  return Judgement::over;
}

}  // namespace weir::proxy
