// The server's answer: its head is read, judged and passed on with the first bytes of its body.
//
// Interim answers (1xx) pass as they come. The rules are asked when the final head is there: the backend's
// http-response rules, the frontend's, then http-after-response in the same order. Manual: 4.4, http-response,
// http-after-response; option accept-unsafe-violations-in-http-response; RFC 9110 15.2, RFC 9112 9.
#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/burst.h"
#include "proxy/http/compression.h"
#include "proxy/http/cookie.h"
#include "proxy/http/phases.h"
#include "proxy/http/wire.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::http1::HeadResult;

bool accepts_unsafe(const Session& session) { return session.backend->config->settings.http.accept_unsafe_response; }

// False: the client is gone.
bool flush_interim(Session& session) {
  if (flush_unsent(session, session.response, session.http->response_body, session.client) != Moved::sink_error)
    return true;
  close_session(session, EndedBy::client, 'H');
  return false;
}

// 100 Continue and its kin go to the client as they are, but not to one that cannot know them. COMPAT: observed on 2.6:
// they count as the server's, and as nobody else's.
bool pass_interim(Session& session) {
  HttpExchange& exchange = *session.http;
  session.target->counters[session.worker->id()].responses[1].add();
  if (exchange.request_version == Version::http10) return true;
  if (exchange.response.status == 100 && exchange.continue_sent) return true;
  exchange.response_body.unsent.append(write_http1_head(session, exchange.response, {}));
  return flush_interim(session);
}

// Manual, http-reuse: these schemes log in the connection, not the request.
void note_login(Session& session) {
  HttpExchange& exchange = *session.http;
  const Head& head = exchange.response;
  if (head.status != 401 && head.status != 407) return;
  const FieldId id = head.status == 401 ? FieldId::www_authenticate : FieldId::proxy_authenticate;
  for (const Field* field = head.find(id); field != nullptr; field = head.find(id, head.index_of(field) + 1)) {
    const std::string_view scheme = field->value.substr(0, field->value.find(' '));
    if (same_name(scheme, "NTLM") || same_name(scheme, "Negotiate"))
      exchange.server_private = exchange.server_login = true;
  }
}

// The request's buffer is not needed any more. What follows in it is the client's next request.
void let_request_go(Session& session) {
  HttpExchange& exchange = *session.http;
  keep_request(session);
  exchange.request_in_buffer = false;
  exchange.request_head_alive = false;
  exchange.request_body.keep_buffer = false;
  if (session.request.start == session.request.end) drop_held_bytes(session, session.request);
}

void begin_tunnel(Session& session) {
  HttpExchange& exchange = *session.http;
  exchange.tunnel = true;
  exchange.client_keep_alive = false;
  BodyState& request = exchange.request_body;
  request.framing.kind = BodyKind::tunnel;
  request.reader = proto::http1::BodyReader(request.framing);
  request.chunked_out = request.read_over = request.over = false;
  if (request.filter) {  // its limit stays; what was the body's end is none of the tunnel
    request.filter->encoder.give_back();
    request.filter->encoded = false;
  }
}

std::string_view connection_line(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.tunnel) return {};
  const bool old_answer = exchange.response.version == Version::http10;
  if (!exchange.client_keep_alive) return old_answer ? std::string_view() : connection_field(exchange, false);
  const bool must_say = old_answer || exchange.request_version == Version::http10;
  return must_say ? connection_field(exchange, true) : std::string_view();
}

// A body whose end is the connection's, or chunks that an old client cannot read, end with the connection.
void settle_body(Session& session) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.response_body;
  if (body.framing.kind == BodyKind::tunnel) return begin_tunnel(session);
  if (body.framing.kind == BodyKind::until_close) exchange.client_keep_alive = false;
  body.chunked_out = body.framing.kind == BodyKind::chunked;
  settle_framing_fields(exchange.response, body, exchange.texts);
  if (body.chunked_out && exchange.request_version == Version::http10) {
    body.chunked_out = false;
    exchange.response.remove_all(FieldId::transfer_encoding);
    exchange.client_keep_alive = false;
  }
}

bool send_head(Session& session) {
  HttpExchange& exchange = *session.http;
  if (exchange.coding) reconsider_coding(session);
  settle_body(session);
  if (exchange.coding) tell_coding(session);
  // A body that is broken where it begins: the client has heard nothing yet and can be told.
  if (!decode_held(session.response, exchange.response_body)) {
    keep_broken_response_body(session);
    server_failed(session, ServerFault::junk);
    return false;
  }
  if (!exchange.request_body.over && !exchange.tunnel && exchange.request_body.framing.kind != BodyKind::none &&
      exchange.request_broken)
    exchange.client_keep_alive = false;
  if (asks_for_close(exchange.response)) exchange.client_keep_alive = false;
  if (!strip_connection_options(exchange.response, exchange.texts) && !exchange.tunnel)
    exchange.response.remove_all(FieldId::connection);
  if (exchange.proxied) exchange.response.remove_all(FieldId::proxy_connection);
  exchange.status = exchange.response.status;
  const std::string_view head = write_http1_head(session, exchange.response, connection_line(session));
  if (head.empty()) {
    server_failed(session, ServerFault::junk);
    return false;
  }
  exchange.response_sent = true;
  const bool splice = !session.backend->config->settings.no_splice_response;
  const std::uint64_t sent = session.response.total;
  const Moved moved =
      move_body(session, session.response, exchange.response_body, session.server, session.client, head, splice);
  if (moved == Moved::bad && session.response.total == sent && exchange.response_body.unsent.empty()) {
    keep_broken_response_body(session);
    exchange.response_sent = false;  // the head was still here: the client hears of it
    server_failed(session, ServerFault::junk);
    return false;
  }
  // Not before: the line is written where the head was.
  if (session.frontend->log.when_answered) write_log(session, LogOrigin::txn_response);
  log_at(session, LogOrigin::txn_response);
  if (exchange.tunnel && moved == Moved::over) return true;
  arm_timer(session);
  return response_moved(session, moved);
}

enum class Outcome : std::uint8_t { next, stopped };

Outcome act_on(Session& session, Verdict verdict) {
  HttpExchange& exchange = *session.http;
  const std::uint16_t worker = session.worker->id();
  switch (verdict) {
    case Verdict::next:
    case Verdict::accept: return Outcome::next;
    case Verdict::wait:
      exchange.response_paused = true;
      arm_timer(session);
      return Outcome::stopped;
    case Verdict::answer: answer(session, *exchange.answer.reply, EndedBy::local, 'H'); return Outcome::stopped;
    case Verdict::failed: answer(session, page_of(session, 500), EndedBy::proxy, 'H'); return Outcome::stopped;
    case Verdict::silent_drop:
      exchange.response_sent = true;
      close_session(session, EndedBy::proxy, 'H');
      return Outcome::stopped;
    default: break;
  }
  session.frontend->state->counters[worker].denied_responses.add();
  session.backend->state->counters[worker].denied_responses.add();
  session.target->counters[worker].denied_responses.add();
  const Reply* reply = exchange.answer.reply != nullptr ? exchange.answer.reply : &page_of(session, 502);
  answer(session, *reply, EndedBy::proxy, 'H');
  return Outcome::stopped;
}

std::string_view set_of(ResponseStage stage) {
  switch (stage) {
    case ResponseStage::back_content: return "tcp-response content";
    case ResponseStage::back_http:
    case ResponseStage::front_http: return "http-response";
    case ResponseStage::back_old:
    case ResponseStage::front_old: return "rsp* rules";
    case ResponseStage::ready: break;
  }
  return "";
}

Outcome ask(Session& session, const std::vector<Rule>& rules, Of message = Of::response) {
  if (rules.empty()) return Outcome::next;
  const bool of_backend = session.http->response_stage < ResponseStage::front_http;
  explain_set(session, set_of(session.http->response_stage),
              of_backend ? session.backend->config->name : session.frontend->config->name);
  const RuleCounts& counts = of_backend ? *session.backend->rules : *session.frontend->rules;
  return act_on(session, ask_rules(session, rules, counts, message));
}

// COMPAT: observed on 2.6: tcp-response rules without an inspect-delay are asked before the server has said anything.
Outcome ask_content(Session& session) {
  const ProxyConfig& backend = *session.backend->config;
  return ask(session, backend.response_rules, backend.response_inspect_delay ? Of::response : Of::response_unseen);
}

void begin_stage(HttpExchange& exchange, ResponseStage stage) {
  exchange.response_stage = stage;
  exchange.next_rule = 0;
}

}  // namespace

bool retries_status(const Session& session, std::uint16_t status) {
  const auto& statuses = session.backend->config->settings.http.retry_statuses;
  return !statuses.empty() && std::ranges::find(statuses, status) != statuses.end() && session.attempts_left != 0 &&
         session.http->request_in_buffer && !session.http->retry_forbidden;
}

void run_after_response(Session& session) {
  ask_wishes(session);
  const auto run = [&session](const ProxyConfig& proxy, const RuleCounts& counts) {
    const std::vector<Rule>& rules = proxy.http_after_response_rules;
    if (rules.empty()) return;
    explain_set(session, "http-after-response", proxy.name);
    std::uint16_t next = 0;
    ContextParts parts;
    sample::Context context = make_context(session, parts, true);
    context.in_response = true;
    (void)run_rules(rules, next, context, session, &counts);  // allow ends the set; nothing else ends the answer
    session.worker->arena.reset();
  };
  if (session.backend && !one_section(session)) run(*session.backend->config, *session.backend->rules);
  run(*session.frontend->config, *session.frontend->rules);
}

bool judge_response_head(Session& session) {
  HttpExchange& exchange = *session.http;
  const ProxyConfig& front = *session.frontend->config;
  const ProxyConfig& back = *session.backend->config;
  const bool both = !one_section(session);
  for (;;) {
    switch (exchange.response_stage) {
      case ResponseStage::back_content:
        if (ask_content(session) == Outcome::stopped) return false;
        begin_stage(exchange, both ? ResponseStage::back_http : ResponseStage::front_http);
        break;
      case ResponseStage::back_http:
        if (ask(session, back.http_response_rules) == Outcome::stopped) return false;
        begin_stage(exchange, ResponseStage::back_old);
        break;
      case ResponseStage::back_old:
        if (ask(session, back.old_response_rules) == Outcome::stopped) return false;
        begin_stage(exchange, ResponseStage::front_http);
        break;
      case ResponseStage::front_http:
        if (ask(session, front.http_response_rules) == Outcome::stopped) return false;
        begin_stage(exchange, ResponseStage::front_old);
        break;
      case ResponseStage::front_old:
        if (ask(session, front.old_response_rules) == Outcome::stopped) return false;
        begin_stage(exchange, ResponseStage::ready);
        break;
      case ResponseStage::ready:
        write_server_cookie(session);
        run_after_response(session);
        return send_head(session);
    }
  }
}

bool begin_response(Session& session) {
  HttpExchange& exchange = *session.http;
  exchange.server_status = exchange.response.status;
  exchange.response_version = exchange.response.odd_version.empty()
                                  ? version_text(exchange.response.version)
                                  : exchange.texts.copy(exchange.response.odd_version).value_or("");
  if (retries_status(session, exchange.response.status)) {
    server_failed(session, ServerFault::status);
    return false;
  }
  exchange.response_begun = true;
  if (exchange.proxied && exchange.response_body.framing.kind != BodyKind::until_close)
    heed_proxy_connection(exchange.response, exchange.response_body.framing);
  exchange.response_body.reader = proto::http1::BodyReader(exchange.response_body.framing);
  if (exchange.response_body.records == nullptr)
    exchange.response_body.read_over = exchange.response_body.reader.over();
  session.facts.response_began = session.worker->io->now();
  let_request_go(session);
  note_login(session);
  if (exchange.wanted_coding) compress_response(session);
  capture_response(session);
  store_response_sticking(session);
  if (session.variables) session.variables->end(sample::VariableScope::req);
  begin_stage(exchange, ResponseStage::back_content);
  exchange.answer = {};
  return judge_response_head(session);
}

namespace {

// For the rest of a head, as far as it is there. False: the server is gone.
bool read_on(Session& session) {
  make_room(session, session.response);
  return fill(session, session.response, session.server);
}

bool judge_again(Session& session) {
  if (!session.http->response_paused) return true;
  session.http->response_paused = false;
  return judge_response_head(session);
}

}  // namespace

bool read_response(Session& session) {
  HttpExchange& exchange = *session.http;
  Flow& flow = session.response;
  if (exchange.response_begun) return judge_again(session);
  if (exchange.response_body.records != nullptr) return read_fcgi_response(session);
  // Interim heads that could not leave yet go first; until then the server is not listened to.
  if (!flush_interim(session)) return false;
  if (!exchange.response_body.unsent.empty()) return true;
  bool gone = !fill(session, flow, session.server);
  const std::size_t most = session.worker->io->buffers().buffer_size() - session.worker->plan->global->maxrewrite;
  while (flow.end != flow.start) {
    std::size_t scanned = exchange.response_scanned;
    const HeadResult result = proto::http1::parse_response(
        {flow.buffer + flow.start, flow.end - flow.start}, scanned,
        {.accept_unsafe = accepts_unsafe(session), .max_fields = session.worker->plan->global->max_http_fields},
        exchange.response);
    exchange.response_scanned = static_cast<std::uint32_t>(scanned);
    if (result.kind == HeadResult::Kind::need_more && flow.end - flow.start < most) {
      if (gone || !flow.readable) break;
      gone = !read_on(session);
      continue;
    }
    const std::string_view message(flow.buffer + flow.start, flow.end - flow.start);
    if (result.kind != HeadResult::Kind::complete || result.size > most) {
      const bool broken = result.kind == HeadResult::Kind::violation;
      keep_broken_response(session, message, broken ? result.at : std::min(most, message.size()),
                           broken ? result.violation : Violation::too_large);
      server_failed(session, ServerFault::junk);
      return false;
    }
    flow.start += static_cast<std::uint32_t>(result.size);
    exchange.response_scanned = 0;
    exchange.response_body.framing = frame_response(
        exchange.response, exchange.request_method,
        {.accept_unsafe = accepts_unsafe(session), .upgrade_asked = exchange.request_body.framing.upgrade});
    if (exchange.response_body.framing.violation != Violation::none) {
      keep_broken_response(session, message, place_of_framing(exchange.response, message),
                           exchange.response_body.framing.violation);
      server_failed(session, ServerFault::junk);
      return false;
    }
    if (exchange.response.status >= 200 || exchange.response.status == 101) return begin_response(session);
    if (!pass_interim(session)) return false;
  }
  if (flow.ended || gone) {
    server_failed(session, ServerFault::closed);
    return false;
  }
  if (flow.end == flow.start) drop_held_bytes(session, flow);
  return true;
}

}  // namespace weir::proxy
