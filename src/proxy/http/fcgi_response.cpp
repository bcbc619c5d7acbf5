// A FastCGI application's answer: records come off, a CGI head becomes that of a response, and all that follows is what
// other answers go through.
//
// An answer ends with END_REQUEST, whatever its head says of a length: until then the application may still write to
// STDERR, and its connection belongs to the request. An application that ends a request without a word has failed; one
// that is overloaded says so before it did anything. Manual: 10; RFC 3875 6; FastCGI specification 5.5.
#include "proto/fcgi/response.h"

#include <fmt/format.h>

#include "proto/http/date.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/fcgi.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::fcgi::ProtocolStatus;
using proto::http1::HeadResult;

bool failed(Session& session, ServerFault fault) {
  server_failed(session, fault);
  return false;
}

bool broken(Session& session, std::string_view message, std::size_t at, Violation why) {
  keep_broken_response(session, message, at, why);
  return failed(session, ServerFault::junk);
}

// END_REQUEST came, and no head before it.
bool ended_without_head(Session& session) {
  const FcgiStream::Answer& answer = session.http->fcgi->answer;
  switch (static_cast<ProtocolStatus>(answer.status)) {
    case ProtocolStatus::cannot_multiplex:
    case ProtocolStatus::overloaded: return failed(session, ServerFault::overloaded);
    case ProtocolStatus::request_complete: return failed(session, ServerFault::closed);
    case ProtocolStatus::unknown_role: break;
  }
  return failed(session, ServerFault::junk);
}

// RFC 9110 6.6.1: a recipient with a clock gives the date that an origin without one left out.
void add_date(Session& session) {
  HttpExchange& exchange = *session.http;
  if (exchange.response.find(FieldId::date) != nullptr) return;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(session.worker->io->wall_now().time_since_epoch());
  const auto date = write_date(now.count());
  if (const auto text = exchange.texts.copy({date.data(), date.size()}))
    exchange.response.add("date", FieldId::date, *text);
}

// The length of an answer that is there whole can be told.
void tell_length(HttpExchange& exchange) {
  BodyState& body = exchange.response_body;
  const auto digits = fmt::format("{}", body.decoded);
  const auto text = exchange.texts.copy(digits);
  if (!text || !exchange.response.add("content-length", FieldId::content_length, *text)) return;
  body.framing.kind = BodyKind::length;
  body.framing.length = body.decoded;
}

// False: what is there already is not what the head says.
bool settle_framing(HttpExchange& exchange) {
  BodyState& body = exchange.response_body;
  FcgiStream::Answer& answer = exchange.fcgi->answer;
  if (body.framing.kind == BodyKind::until_close) body.framing.kind = BodyKind::chunked;
  if (body.framing.kind == BodyKind::chunked && body.read_over) tell_length(exchange);
  answer.counted = body.framing.kind == BodyKind::length;
  answer.dropped = body.framing.kind == BodyKind::none;
  if (answer.dropped) return true;
  if (!answer.counted) return true;
  if (body.decoded > body.framing.length) return false;
  answer.left = body.framing.length - body.decoded;
  return answer.left == 0 || !body.read_over;
}

// What a client is not to have of a body goes.
void drop_output(Flow& flow, BodyState& body) {
  if (body.framing.kind != BodyKind::none) return;
  flow.start += body.decoded;
  body.decoded = 0;
}

// The request is over for the application: what the client still sends of it goes nowhere.
void note_early_end(HttpExchange& exchange) {
  if (exchange.fcgi->answer.over && !exchange.request_body.over) exchange.request_broken = true;
}

bool head_is_there(Session& session, const HeadResult& result, std::string_view message) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.response_body;
  session.response.start += static_cast<std::uint32_t>(result.size);
  body.decoded -= static_cast<std::uint32_t>(result.size);
  exchange.response_scanned = 0;
  const bool unsafe = session.backend->config->settings.http.accept_unsafe_response;
  body.framing = frame_response(exchange.response, exchange.request_method, {.accept_unsafe = unsafe});
  if (body.framing.violation != Violation::none)
    return broken(session, message, place_of_framing(exchange.response, message), body.framing.violation);
  add_date(session);
  if (!settle_framing(exchange)) return broken(session, message, result.size, Violation::bad_length);
  drop_output(session.response, body);
  note_early_end(exchange);
  return begin_response(session);
}

enum class Look : std::uint8_t {
  more,  // there is no head yet
  gone,  // the session or the exchange is over
  kept,  // the head is there, and passed on
};

Look look_for_head(Session& session) {
  HttpExchange& exchange = *session.http;
  Flow& flow = session.response;
  BodyState& body = exchange.response_body;
  const auto outcome = [](bool goes_on) { return goes_on ? Look::kept : Look::gone; };
  const bool good = decode_records(flow, body);
  if (!good) return outcome(broken(session, {flow.buffer, flow.end}, body.broken_from, Violation::bad_chunk));
  const std::span<char> output(flow.buffer + flow.start, body.decoded);
  const std::string_view message(output.data(), output.size());
  const std::size_t most = session.worker->io->buffers().buffer_size() - session.worker->plan->global->maxrewrite;
  std::size_t scanned = exchange.response_scanned;
  const HeadResult result =
      proto::fcgi::parse_answer(output, scanned,
                                {.accept_unsafe = session.backend->config->settings.http.accept_unsafe_response,
                                 .max_fields = session.worker->plan->global->max_http_fields},
                                exchange.response);
  exchange.response_scanned = static_cast<std::uint32_t>(scanned);
  if (result.kind == HeadResult::Kind::violation) return outcome(broken(session, message, result.at, result.violation));
  const bool complete = result.kind == HeadResult::Kind::complete;
  if ((complete ? result.size : output.size()) > most)
    return outcome(broken(session, message, most, Violation::too_large));
  if (complete) return outcome(head_is_there(session, result, message));
  if (!body.read_over) return Look::more;
  return outcome(output.empty() ? ended_without_head(session) : failed(session, ServerFault::junk));
}

}  // namespace

bool read_fcgi_response(Session& session) {
  Flow& flow = session.response;
  std::uint64_t looked_at = 0;
  // What is no output leaves room that is filled again: no event will say that more has come.
  for (;;) {
    const std::uint32_t held = flow.end;
    if (!fill(session, flow, session.server) && flow.end == flow.start) return failed(session, ServerFault::closed);
    looked_at += flow.end - held;
    if (flow.end != flow.start) {
      const Look look = look_for_head(session);
      if (look != Look::more) return look == Look::kept;
    }
    if (flow.ended) return failed(session, ServerFault::closed);
    if (!flow.readable) break;
    if (looked_at >= kBurst) {
      session.worker->io->reactor().make_ready(session.server.token, EPOLLIN);
      break;
    }
  }
  if (flow.end == flow.start) drop_held_bytes(session, flow);
  return true;
}

}  // namespace weir::proxy
