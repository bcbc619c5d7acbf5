// The rules of a request, in the order in which they are asked:
//
//   the frontend's tcp-request content, its http-request, its statistics page; use_backend; the same of the backend.
//
// An action may wait (for the body, for a while); the set is asked again from it on when what it waits for has come.
// Then the head gets its last fields and a server is asked for. Manual: 4.4, http-request; option http-buffer-request,
// forwardfor, originalto, unique-id-header, monitor-uri.
#include <algorithm>

#include "proto/http/uri.h"
#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/forwarded.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/rule/asked.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// What a rule set made of the request.
enum class Outcome : std::uint8_t { next, stopped };

void count_denied(Session& session) {
  const std::uint16_t worker = session.worker->id();
  session.frontend->state->counters[worker].denied_requests.add();
  if (session.backend) session.backend->state->counters[worker].denied_requests.add();
}

void begin_tarpit(Session& session) {
  HttpExchange& exchange = *session.http;
  exchange.tarpit = exchange.answer.reply;
  exchange.untimed = true;
  count_denied(session);
  const ProxyConfig& config = session.backend ? *session.backend->config : *session.frontend->config;
  const Timeouts& timeouts = config.settings.timeouts;
  Timeout wait = timeouts.tarpit ? timeouts.tarpit : timeouts.connect;
  if (exchange.tarpit_timeout) wait = exchange.tarpit_timeout;
  session.phase = Phase::tarpit;
  session.facts.queued = session.worker->io->now();
  session.phase_deadline = wait ? session.worker->io->now() + *wait : session.worker->io->now();
  arm_timer(session);
}

Outcome act_on(Session& session, Verdict verdict) {
  HttpExchange& exchange = *session.http;
  switch (verdict) {
    case Verdict::next:
    case Verdict::accept: return Outcome::next;
    case Verdict::wait: arm_timer(session); return Outcome::stopped;
    case Verdict::deny:
      if (exchange.answer.late)
        return answer(session, *exchange.answer.reply, EndedBy::client_timeout, 'D'), Outcome::stopped;
      count_denied(session);
      answer(session, *exchange.answer.reply, EndedBy::proxy, 'R');
      return Outcome::stopped;
    case Verdict::answer: {
      session.frontend->state->counters[session.worker->id()].intercepted.add();
      answer(session, *exchange.answer.reply, EndedBy::local, 'R');
      return Outcome::stopped;
    }
    case Verdict::tarpit: begin_tarpit(session); return Outcome::stopped;
    case Verdict::failed: answer(session, page_of(session, 500), EndedBy::proxy, 'R'); return Outcome::stopped;
    case Verdict::reject:
    case Verdict::close:
    case Verdict::silent_drop:
      count_denied(session);
      exchange.untimed = true;
      exchange.response_sent = true;  // nothing is said
      close_session(session, EndedBy::proxy, 'R');
      return Outcome::stopped;
  }
  return Outcome::stopped;
}

std::string_view set_of(RequestStage stage) {
  switch (stage) {
    case RequestStage::front_content:
    case RequestStage::back_content: return "tcp-request content";
    case RequestStage::front_http:
    case RequestStage::back_http: return "http-request";
    case RequestStage::front_old:
    case RequestStage::back_old: return "req* rules";
    case RequestStage::front_redirect:
    case RequestStage::back_redirect: return "redirect";
    case RequestStage::front_stats:
    case RequestStage::back_stats: return "stats http-request";
    case RequestStage::arrived:
    case RequestStage::choose:
    case RequestStage::ready: break;
  }
  return "";
}

Outcome ask(Session& session, const std::vector<Rule>& rules) {
  if (rules.empty()) return Outcome::next;
  const bool of_frontend = session.http->stage < RequestStage::choose;
  explain_set(session, set_of(session.http->stage),
              of_frontend ? session.frontend->config->name : session.backend->config->name);
  HttpExchange& exchange = *session.http;
  const RuleCounts& counts = of_frontend ? *session.frontend->rules : *session.backend->rules;
  const Verdict verdict = ask_rules(session, rules, counts, Of::request);
  if (!exchange.response_body.unsent.empty() &&
      flush_unsent(session, session.response, exchange.response_body, session.client) == Moved::sink_error) {
    exchange.response_sent = true;
    close_session(session, EndedBy::client, 'R');
    return Outcome::stopped;
  }
  if (exchange.next_rule < rules.size() && verdict != Verdict::wait) session.last_rule = &rules[exchange.next_rule];
  return act_on(session, verdict);
}

// balance url_param ... check_post looks into the body too.
bool wants_body(const Session& session, const HttpSettings& settings) {
  if (settings.buffer_request) return true;
  return session.backend && session.backend->config->settings.balance.check_post &&
         session.http->request.method == Method::post;
}

// The whole body, as far as the buffer holds it. True: it is there; else it is waited for, or the client is told.
bool body_is_here(Session& session) {
  HttpExchange& exchange = *session.http;
  if (exchange.request_body.framing.kind == BodyKind::none) return true;
  switch (gather_request_body(session, 0)) {
    case BodyGathered::enough: return true;
    case BodyGathered::broken:
      keep_broken_request_body(session);
      refuse_request(session, Violation::bad_chunk);
      return false;
    case BodyGathered::later: break;
  }
  if (exchange.body_over_due) {
    exchange.client_keep_alive = false;
    session.frontend->state->counters[session.worker->id()].failed_requests.add();
    answer(session, page_of(session, 408), EndedBy::client_timeout, 'R');
    return false;
  }
  if (exchange.body_deadline == TimePoint::max()) {
    const Timeouts& timeouts = session.frontend->config->settings.timeouts;
    const Timeout& most = timeouts.http_request ? timeouts.http_request : timeouts.client;
    if (most) exchange.body_deadline = session.worker->io->now() + *most;
  }
  arm_timer(session);
  return false;
}

// option http-buffer-request: before the rules.
bool body_is_buffered(Session& session, const HttpSettings& settings) {
  return !wants_body(session, settings) || body_is_here(session);
}

bool is_monitor(Session& session) {
  const std::string& uri = session.frontend->config->settings.http.monitor_uri;
  if (uri.empty()) return false;
  const Head& head = session.http->request;
  return head.target == uri || split_target(head.target, head.method == Method::connect).path_query == uri;
}

// Manual, monitor fail: the first that holds says that this frontend is not well.
void answer_monitor(Session& session) {
  const auto& fails = session.frontend->config->monitor_fails;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  const bool failing = any_holds(fails, *session.frontend->rules, context, session);
  session.worker->arena.reset();
  session.logged = true;
  session.frontend->state->counters[session.worker->id()].intercepted.add();
  answer(session, page_of(session, failing ? 503 : 200), EndedBy::local, 'R');
}

bool enter_chosen_backend(Session& session) {
  session.backend = choose_backend(session);
  if (!session.backend) {
    session.frontend->state->counters[session.worker->id()].failed_requests.add();
    session.http->untimed = true;
    answer(session, page_of(session, 503), EndedBy::server, 'C');
    return false;
  }
  if (session.extras && !one_section(session)) session.extras->retries.reset();
  enter_backend(session);
  session.backend->state->counters[session.worker->id()].requests.add();
  session.routed = true;
  return true;
}

// Manual, option http-restrict-req-hdr-names: of each proxy, behind its rules.
Outcome ask_http(Session& session, const ProxyConfig& proxy) {
  if (ask(session, proxy.http_request_rules) == Outcome::stopped) return Outcome::stopped;
  if (restrict_names(session, proxy)) return Outcome::next;
  count_denied(session);
  answer(session, page_of(session, 403), EndedBy::proxy, 'R');
  return Outcome::stopped;
}

// Nobody is waited for or connected to: in the log these times are 0.
void begin_inside(Session& session, std::string_view name) {
  session.http->served_by = name;
  SessionFacts& facts = session.facts;
  facts.queue_left = facts.connect_started = facts.connect_finished = session.worker->io->now();
}

// The page of `stats` lines: its own rules, who may see it, the form that was posted.
Outcome ask_statistics(Session& session, const std::shared_ptr<const ProxyConfig>& proxy) {
  if (!asks_for_statistics(session, *proxy)) return Outcome::next;
  begin_inside(session, "<STATS>");
  if (ask(session, proxy->stats_rules) == Outcome::stopped) return Outcome::stopped;
  if (!may_see_statistics(session, *proxy->settings.http.stats)) return act_on(session, Verdict::answer);
  if (session.http->request.method == Method::post && !body_is_here(session)) return Outcome::stopped;
  if (!session.backend) session.frontend->state->counters[session.worker->id()].intercepted.add();
  show_statistics(session, proxy);
  return Outcome::stopped;
}

Outcome ask_stage(Session& session, RequestStage stage) {
  const ProxyConfig& front = *session.frontend->config;
  const auto back = [&]() -> const ProxyConfig& { return *session.backend->config; };
  switch (stage) {
    case RequestStage::arrived:
      capture_request(session);
      log_plain_connect(session);  // COMPAT: observed on 2.6: whatever becomes of it
      if (is_monitor(session)) return answer_monitor(session), Outcome::stopped;
      log_at(session, LogOrigin::txn_request);
      return Outcome::next;
    case RequestStage::front_content:
      if (!body_is_buffered(session, front.settings.http)) return Outcome::stopped;
      return ask(session, front.content_rules);
    case RequestStage::front_http: return ask_http(session, front);
    case RequestStage::front_stats: return ask_statistics(session, session.frontend->config);
    case RequestStage::front_old: return ask(session, front.old_request_rules);
    case RequestStage::front_redirect: return ask(session, front.redirect_rules);
    case RequestStage::choose: return enter_chosen_backend(session) ? Outcome::next : Outcome::stopped;
    case RequestStage::back_content:
      if (!body_is_buffered(session, back().settings.http)) return Outcome::stopped;
      return ask(session, back().content_rules);
    case RequestStage::back_http: return ask_http(session, back());
    case RequestStage::back_stats: return ask_statistics(session, session.backend->config);
    case RequestStage::back_old: return ask(session, back().old_request_rules);
    case RequestStage::back_redirect: return ask(session, back().redirect_rules);
    case RequestStage::ready: return Outcome::next;
  }
  return Outcome::next;
}

RequestStage stage_after(const Session& session, RequestStage stage) {
  if (stage == RequestStage::choose && one_section(session)) return RequestStage::ready;
  return static_cast<RequestStage>(static_cast<std::uint8_t>(stage) + 1);
}

// An application is told the length of a body first: one that comes in chunks must be here. Manual, CONTENT_LENGTH.
bool is_ready_for_fcgi(Session& session) {
  if (session.http->request_body.framing.kind == BodyKind::chunked) {
    if (!body_is_here(session)) return false;
    session.facts.request_complete = session.worker->io->now();
  }
  return note_fcgi_params(session);
}

}  // namespace

Verdict ask_rules(Session& session, const std::vector<Rule>& rules, const RuleCounts& counts, Of message) {
  HttpExchange& exchange = *session.http;
  Verdict verdict = Verdict::next;
  do {
    exchange.look_again = false;
    ContextParts parts;
    sample::Context context = make_context(session, parts, true);
    context.may_pause = true;
    context.in_response = message != Of::request;
    if (message == Of::response_unseen) context.http_response = nullptr;
    verdict = run_rules(rules, exchange.next_rule, context, session, &counts);
    session.worker->arena.reset();
  } while (exchange.look_again);
  return verdict;
}

void judge_request(Session& session) {
  HttpExchange& exchange = *session.http;
  while (exchange.stage != RequestStage::ready) {
    if (ask_stage(session, exchange.stage) == Outcome::stopped) return;  // it may be gone
    exchange.stage = stage_after(session, exchange.stage);
    exchange.next_rule = 0;
  }
  if (session.backend->config->settings.http.fcgi_app != nullptr && !is_ready_for_fcgi(session)) return;
  session.phase_deadline = TimePoint::max();
  session.attempts_left =
      session.extras && session.extras->retries
          ? *session.extras->retries
          : static_cast<std::uint8_t>(std::clamp(session.backend->config->settings.retries, 0, 255));
  finish_request_head(session);
  ask_for_server(session);
}

namespace {

BodyGathered gathered(Session& session, const Flow& flow, const BodyState& body, std::size_t at_least) {
  const auto capacity = static_cast<std::uint32_t>(session.worker->io->buffers().buffer_size());
  const std::size_t held = buffered_body(flow, body).size();
  const bool whole = body.read_over || (body.framing.kind == BodyKind::length && held >= body.reader.known_rest());
  const bool full = flow.end == capacity;
  const bool enough = whole || full || flow.ended || (at_least != 0 && held >= at_least);
  session.http->body_wanted = !enough;
  return enough ? BodyGathered::enough : BodyGathered::later;
}

}  // namespace

BodyGathered gather_request_body(Session& session, std::size_t at_least) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.request_body;
  if (body.framing.kind == BodyKind::none) return BodyGathered::enough;
  if (body.framing.expect_continue && !exchange.continue_sent && !body.read_over) {
    // The client waits for a word before it sends; the server is not asked yet.
    exchange.continue_sent = true;
    exchange.request.remove_all(FieldId::expect);
    send_continue(session);
  }
  if (!buffer_body(session, session.request, body, session.client)) return BodyGathered::broken;
  return gathered(session, session.request, body, at_least);
}

BodyGathered gather_response_body(Session& session, std::size_t at_least) {
  BodyState& body = session.http->response_body;
  if (body.framing.kind == BodyKind::none || body.framing.kind == BodyKind::tunnel) return BodyGathered::enough;
  if (!buffer_body(session, session.response, body, session.server)) return BodyGathered::broken;
  return gathered(session, session.response, body, at_least);
}

}  // namespace weir::proxy
