// Both directions of an exchange, and what becomes of it when one of them breaks.
//
// The answer may begin before the request has all left; it is over when its last byte is. A server's connection that
// ends without a word is no fault of the request: one that had rested is replaced by another at once, and `retry-on`
// says what else is tried again, as long as the request still lies in its buffer. Manual: retry-on, 8.5.
#include "proxy/tcp/relay.h"
#include "proxy/explain.h"
#include "proxy/http/body.h"
#include "proxy/http/broken.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The letter of the phase: before the answer, during it, and while its end travels.
char letter(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (!exchange.response_sent) return 'H';
  return exchange.response_body.read_over ? 'L' : 'D';
}

void client_failed(Session& session) { close_session(session, EndedBy::client, letter(session)); }

// True when the exchange goes on.
bool move_request(Session& session, std::string_view head) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.request_body;
  if (exchange.local || (body.over && head.empty())) return true;
  const bool splice = !session.frontend->config->settings.no_splice_request;
  const Moved moved = move_body(session, session.request, body, session.client, session.server, head, splice);
  // What comes next may take the place of the head in the buffer.
  if (!exchange.request_in_buffer && exchange.request_head_alive) {
    keep_request(session);
    exchange.request_head_alive = false;
  }
  switch (moved) {
    case Moved::idle: return true;
    case Moved::over:
      session.server.last_write = session.worker->io->now();  // from here on it is the server that is waited for
      arm_timer(session);
      return true;
    case Moved::sink_error:
      // It may have answered before it closed: that is worth reading.
      session.response.readable = session.response.to_end = true;
      body.over = true;
      exchange.request_broken = true;
      exchange.client_keep_alive = false;
      return true;
    case Moved::bad:
      keep_broken_request_body(session);
      if (exchange.response_sent) {
        close_session(session, EndedBy::proxy, 'D');
      } else {
        session.frontend->state->counters[session.worker->id()].failed_requests.add();
        exchange.client_keep_alive = false;
        answer(session, page_of(session, 400), EndedBy::proxy, 'D');
      }
      return false;
    case Moved::source_error:
    case Moved::truncated: close_session(session, EndedBy::client, 'D'); return false;
  }
  return true;
}

Moved move_response(Session& session) {
  if (session.http->served != nullptr) return move_served(session);
  const bool splice = session.backend && !session.backend->config->settings.no_splice_response;
  return move_body(session, session.response, session.http->response_body, session.server, session.client, {}, splice);
}

void restart_on_same_server(Session& session) {
  rewind_request(session);
  close_server_side(session, true);
  drop_held_bytes(session, session.response);
  session.reassign = false;
  retry_connect(session);
}

bool retry_is_wanted(const Session& session, ServerFault fault) {
  const HttpExchange& exchange = *session.http;
  if (!exchange.request_in_buffer || exchange.retry_forbidden || session.attempts_left == 0) return false;
  const std::uint32_t on = session.backend->config->settings.http.retry_on;
  switch (fault) {
    case ServerFault::closed: return (on & retry::empty_response) != 0;
    case ServerFault::junk: return (on & retry::junk_response) != 0;
    case ServerFault::timeout: return (on & retry::response_timeout) != 0;
    case ServerFault::status: return true;
    case ServerFault::overloaded: return retries_status(session, 503);
  }
  return false;
}

bool request_still_moves(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.response_body.records != nullptr) return false;  // the application has ended it
  return !exchange.local && !exchange.request_body.over && !exchange.request_broken && session.server.fd >= 0 &&
         exchange.response_body.framing.kind != BodyKind::until_close;
}

void count_failure(Session& session) {
  const std::uint16_t worker = session.worker->id();
  session.backend->state->counters[worker].failed_responses.add();
  session.target->counters[worker].failed_responses.add();
}

void leave_client_without_a_word(Session& session) {
  session.logged = session.http->response_sent = true;
  close_session(session, EndedBy::server, 'H');
}

}  // namespace

bool response_moved(Session& session, Moved moved) {
  switch (moved) {
    case Moved::idle: return true;
    case Moved::over:
      // An answer that came early: the rest of the request still has to leave, or the client would never hear of it.
      if (request_still_moves(session)) return true;
      finish_exchange(session);
      return false;
    case Moved::sink_error: client_failed(session); return false;
    case Moved::source_error:
    case Moved::truncated:
      count_failure(session);
      close_session(session, EndedBy::server, 'D');
      return false;
    case Moved::bad:
      keep_broken_response_body(session);
      count_failure(session);
      close_session(session, EndedBy::proxy, 'D');
      return false;
  }
  return true;
}

void exchange_http(Session& session, std::string_view head) {
  HttpExchange& exchange = *session.http;
  if (!move_request(session, head)) return;
  if (exchange.local) {
    response_moved(session, move_response(session));
    return;
  }
  if (!exchange.response_sent && !read_response(session)) return;
  if (exchange.tunnel) return exchange_tunnel(session);
  if (exchange.response_sent) response_moved(session, move_response(session));
}

// From here on HTTP is over and both directions are bytes.
void exchange_tunnel(Session& session) {
  HttpExchange& exchange = *session.http;
  if (const Moved moved = move_response(session); moved != Moved::over && !response_moved(session, moved)) return;
  const bool request_over = exchange.request_body.over;
  const bool response_over = exchange.response_body.over;
  if (request_over && !session.request.fin_sent) {
    io::shutdown_write(session.server.fd);
    session.request.fin_sent = true;
  }
  if (response_over && !session.response.fin_sent) {
    io::shutdown_write(session.client.fd);
    session.response.fin_sent = true;
  }
  if (request_over && response_over) finish_exchange(session);
}

void rewind_request(Session& session) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.request_body;
  session.request.start = exchange.body_start;
  body.decoded = exchange.body_decoded;
  body.reader = exchange.body_reader;
  body.read_over = exchange.body_read_over;
  body.over = false;
  if (body.filter) body.filter->encoded = false;
  body.unsent.clear();
  session.request.blocked = session.request.fin_sent = false;
  exchange.reused = false;
  exchange.request_broken = false;
  exchange.response_scanned = 0;
  exchange.client_keep_alive = exchange.wanted_keep_alive;
  session.response.ended = session.response.readable = session.response.to_end = session.response.blocked = false;
}

void server_failed(Session& session, ServerFault fault) {
  HttpExchange& exchange = *session.http;
  // RFC 9112 9.3.1: a connection that rested may be closed just as the request leaves; what may not be done twice is
  // not sent twice.
  const bool died_resting =
      fault == ServerFault::closed && exchange.reused && session.response.end == session.response.start;
  if (died_resting && exchange.request_in_buffer && may_be_repeated(exchange.request_method))
    return restart_on_same_server(session);
  if (retry_is_wanted(session, fault)) {
    rewind_request(session);
    drop_held_bytes(session, session.response);
    return send_again(session);
  }
  count_failure(session);
  // Only the client knows whether it may come again: to it, its own connection has just been closed as it rested.
  if (died_resting && session.requests > 1) return leave_client_without_a_word(session);
  switch (fault) {
    case ServerFault::closed: return close_session(session, EndedBy::server, 'H');
    case ServerFault::timeout: return close_session(session, EndedBy::server_timeout, 'H');
    case ServerFault::overloaded: return answer(session, page_of(session, 503), EndedBy::server, 'H');
    case ServerFault::junk:
    case ServerFault::status: return close_session(session, EndedBy::proxy, 'H');
  }
}

}  // namespace weir::proxy
