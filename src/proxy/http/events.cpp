// What the reactor and the clock say to an HTTP session.
//
// Manual: timeout http-request, http-keep-alive, client, server, tunnel, tarpit; option abortonclose.
#include <algorithm>

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

bool is_reset(Session& session, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) == 0) return false;
  session.client.error = connection_error_of(io::socket_error(session.client.fd));
  return true;
}

// Manual, option abortonclose: whether a client that has finished speaking has left.
bool end_is_abort(const Session& session, std::uint32_t events) {
  return (events & EPOLLRDHUP) != 0 && session.backend && !session.backend->config->settings.keep_on_close;
}

bool client_is_gone(Session& session, std::uint32_t events) {
  return is_reset(session, events) || end_is_abort(session, events);
}

// The server is told that the client has finished speaking, and decides what that means.
void tell_server_of_end(Session& session, std::uint32_t events) {
  const HttpExchange& exchange = *session.http;
  if (!end_is_abort(session, events) || exchange.local || exchange.tunnel || !exchange.request_body.over) return;
  if (session.server.fd < 0 || session.request.fin_sent || session.request.holds_bytes()) return;
  if (exchange.response_body.records != nullptr)
    abort_fcgi(session);
  else
    io::shutdown_write(session.server.fd);
  session.request.fin_sent = true;
}

// While the request waits for a server, only the client's end is news.
void client_event_before_server(Session& session, std::uint32_t events) {
  if (!client_is_gone(session, events)) return;
  session.http->response_sent = true;  // nobody listens
  close_session(session, EndedBy::client, phase_letter(session.phase));
}

struct Due {
  TimePoint at = TimePoint::max();
  EndedBy by = EndedBy::nobody;
};

// Most sessions are under no limit, and this is asked several times for each request.
TimePoint limit_due(const Session& session) {
  return session.extras == nullptr ? TimePoint::max() : bandwidth_due(session);
}

Due sooner(Due a, Due b) { return b.at < a.at ? b : a; }

Timeout client_timeout(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.client_timeout) return *exchange.client_timeout;
  return session.frontend->config->settings.timeouts.client;
}

Timeout server_timeout(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.server_timeout) return *exchange.server_timeout;
  return session.backend->config->settings.timeouts.server;
}

Due tunnel_due(const Session& session) {
  const HttpExchange& exchange = *session.http;
  Timeout tunnel = session.backend->config->settings.timeouts.tunnel;
  if (exchange.tunnel_timeout) tunnel = *exchange.tunnel_timeout;
  const TimePoint client = std::max(session.client.last_read, session.client.last_write);
  const TimePoint server = std::max(session.server.last_read, session.server.last_write);
  return sooner({later(client, tunnel ? tunnel : client_timeout(session)), EndedBy::client_timeout},
                {later(server, tunnel ? tunnel : server_timeout(session)), EndedBy::server_timeout});
}

// Who owes the next byte?
Due exchange_due(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.tunnel) return tunnel_due(session);
  if (limit_due(session) != TimePoint::max()) return {};  // nobody owes what we hold back ourselves
  const TimePoint client = std::max(session.client.last_read, session.client.last_write);
  const bool client_must_take = session.response.blocked;
  const bool client_owes = !exchange.local && !exchange.request_body.over && !session.request.blocked;
  Due due;
  if (client_must_take || client_owes) due = {later(client, client_timeout(session)), EndedBy::client_timeout};
  const bool server_owes = !exchange.local && !exchange.response_body.over && !client_must_take &&
                           (exchange.request_body.over || session.request.blocked || exchange.response_sent);
  if (server_owes) {
    const TimePoint server = std::max(session.server.last_read, session.server.last_write);
    due = sooner(due, {later(server, server_timeout(session)), EndedBy::server_timeout});
  }
  return due;
}

// The bytes that a limit held back may go on.
void resume_limited(Session& session) {
  bandwidth_resume(session);
  arm_timer(session);
  exchange_http(session);
}

void exchange_timer(Session& session) {
  if (limit_due(session) <= session.worker->io->now()) return resume_limited(session);
  const Due due = exchange_due(session);
  if (due.at > session.worker->io->now()) {
    if (!session.http->response_paused) return arm_timer(session);
    const TimePoint now = session.worker->io->now();
    if (session.http->body_deadline <= now) session.http->body_over_due = true;
    if (session.phase_deadline > now && session.http->body_deadline > now) return arm_timer(session);
    session.http->response_paused = false;
    (void)judge_response_head(session);
    return;
  }
  const bool begun = session.http->response_sent;
  if (due.by == EndedBy::server_timeout && !begun) return server_failed(session, ServerFault::timeout);
  close_session(session, due.by, 'D');
}

// Nothing, or half a head, in all the time it had.
void request_timer(Session& session) {
  if (session.worker->io->now() < session.phase_deadline) return arm_timer(session);
  const bool nothing = session.request.end == session.request.start;
  session.logged = nothing && session.requests != 0;
  if (session.logged) return close_session(session, EndedBy::nobody, '-');
  const HttpSettings& settings = session.frontend->config->settings.http;
  HttpExchange& exchange = take_exchange(session);
  exchange.bad_request = true;
  exchange.status = 408;
  if (nothing && settings.ignore_probes) {
    exchange.response_sent = true;
    session.logged = true;
    return close_session(session, EndedBy::client_timeout, 'R');
  }
  if (nothing && session.frontend->config->settings.log.skip_null) session.logged = true;
  session.frontend->state->counters[session.worker->id()].failed_requests.add();
  answer(session, page_of(session, 408), EndedBy::client_timeout, 'R');
}

void inspection_timer(Session& session) {
  HttpExchange& exchange = *session.http;
  const TimePoint now = session.worker->io->now();
  if (exchange.body_deadline <= now) exchange.body_over_due = true;
  if (session.phase_deadline > now && exchange.body_deadline > now) return arm_timer(session);
  judge_request(session);
}

void tarpit_timer(Session& session) {
  if (session.worker->io->now() < session.phase_deadline) return arm_timer(session);
  session.facts.queue_left = session.worker->io->now();
  answer(session, *session.http->tarpit, EndedBy::proxy, 'T');
}

}  // namespace

TimePoint http_deadline(const Session& session) {
  switch (session.phase) {
    case Phase::inspecting: return std::min(session.phase_deadline, session.http->body_deadline);
    case Phase::relaying: {
      const TimePoint body = session.http->response_paused ? session.http->body_deadline : TimePoint::max();
      return std::min({exchange_due(session).at, session.phase_deadline, body, limit_due(session)});
    }
    default: return session.phase_deadline;
  }
}

void on_http_client_event(Session& session, std::uint32_t events) {
  switch (session.phase) {
    case Phase::requesting: return read_request(session);
    case Phase::inspecting:
      if (client_is_gone(session, events)) {
        session.http->response_sent = true;
        return close_session(session, EndedBy::client, 'R');
      }
      if (session.http->body_wanted) judge_request(session);
      return;
    case Phase::tarpit:
      if (!client_is_gone(session, events)) return;
      session.http->response_sent = true;
      return close_session(session, EndedBy::client, 'T');
    case Phase::queued:
    case Phase::connecting:
    case Phase::pausing: return client_event_before_server(session, events);
    case Phase::relaying:
      if (!session.http->response_sent && is_reset(session, events)) {
        session.http->response_sent = true;
        return close_session(session, EndedBy::client, session.http->request_body.over ? 'H' : 'D');
      }
      tell_server_of_end(session, events);
      return exchange_http(session);
    case Phase::handshake:
    case Phase::free: return;
  }
}

void on_http_server_event(Session& session) { exchange_http(session); }

void on_http_timer(Session& session) {
  switch (session.phase) {
    case Phase::requesting: return request_timer(session);
    case Phase::inspecting: return inspection_timer(session);
    case Phase::tarpit: return tarpit_timer(session);
    case Phase::relaying: return exchange_timer(session);
    default: return;
  }
}

}  // namespace weir::proxy
