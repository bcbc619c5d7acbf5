// What the reactor and the clock say to a session, and what each phase makes of it.
//
// Deadlines are lazy: traffic stores a time, the timer looks at it when it fires. Manual: timeout client, server,
// client-fin, server-fin, tunnel, connect, queue; option independent-streams, abortonclose.
#include <algorithm>

#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/bandwidth.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/timing.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

constexpr Milliseconds kReportInterval{5000};  // option contstats

// The client spoke or left while there is no server to tell. A client that left without a word needs none; one that
// said something is served unless `option abortonclose` takes its FIN for an abort. A reset is an abort of the exchange
// whatever the phase. COMPAT: observed on 2.6.
void client_event_before_exchange(Session& session, std::uint32_t events) {
  if ((events & io::kEndOfInput) == 0) return;
  if ((events & EPOLLERR) != 0 || !fill(session, session.request, session.client))
    return close_session(session, EndedBy::client, 'D');
  const bool nothing_to_say = session.request.ended && !session.request.holds_bytes();
  const bool abort = session.request.ended && session.backend->config->settings.abort_on_close;
  if (!nothing_to_say && !abort) return;
  close_session(session, EndedBy::client, phase_letter(session.phase));
}

struct SideDeadline {
  TimePoint at = TimePoint::max();
  EndedBy by = EndedBy::nobody;
};

// One side must show signs of life while it may still send, or while bytes wait for it.
SideDeadline side_deadline(const Session& session, const Side& side, const Flow& from, const Flow& to,
                           const Timeout& normal, const Timeout& half_closed, EndedBy by) {
  const ProxySettings& settings = session.backend->config->settings;
  Timeout timeout = settings.timeouts.tunnel ? settings.timeouts.tunnel : normal;
  if ((from.ended || to.fin_sent) && half_closed) timeout = half_closed;
  const bool may_send = !from.ended;
  const bool must_take = to.holds_bytes();
  if (!may_send && !must_take) return {};
  const bool independent = session.frontend->config->settings.independent_streams || settings.independent_streams;
  TimePoint last = must_take && !may_send ? side.last_write : side.last_read;
  if (!independent) last = std::max(side.last_read, side.last_write);
  return {later(last, timeout), by};
}

SideDeadline exchange_deadline(const Session& session) {
  const Timeouts& front = session.frontend->config->settings.timeouts;
  const Timeouts& back = session.backend->config->settings.timeouts;
  const SideDeadline client = side_deadline(session, session.client, session.request, session.response, front.client,
                                            front.client_fin, EndedBy::client_timeout);
  const SideDeadline server = side_deadline(session, session.server, session.response, session.request, back.server,
                                            back.server_fin, EndedBy::server_timeout);
  // Both sides idle for the same time: the server is the one that owed an answer.
  return client.at <= server.at ? client : server;
}

// While the session is inspected or queued, nothing but its own words keeps a client alive.
TimePoint client_idle_deadline(const Session& session) {
  if (session.request.ended || session.is_http) return TimePoint::max();
  return later(session.client.last_read, session.frontend->config->settings.timeouts.client);
}

TimePoint session_deadline(const Session& session) {
  if (session.is_http) return http_deadline(session);
  if (session.phase == Phase::inspecting || session.phase == Phase::queued)
    return std::min(session.phase_deadline, client_idle_deadline(session));
  if (session.phase != Phase::relaying) return session.phase_deadline;
  TimePoint at = std::min({exchange_deadline(session).at, session.response_deadline, bandwidth_due(session)});
  if (session.frontend->config->settings.continuous_stats)
    at = std::min(at, session.worker->io->now() + kReportInterval);
  return at;
}

void exchange_timer(Session& session) {
  const SideDeadline due = exchange_deadline(session);
  if (due.at <= session.worker->io->now()) {
    close_session(session, due.by, 'D');
    return;
  }
  if (session.frontend->config->settings.continuous_stats) {
    report_bytes(session);
    report_tracked_bytes(session);
  }
  const bool resumes = bandwidth_due(session) <= session.worker->io->now();
  const bool decides = session.response_deadline <= session.worker->io->now();
  if (resumes) bandwidth_resume(session);
  arm_timer(session);
  if (resumes || decides) exchange(session);
}

void inspection_timer(Session& session) {
  if (session.worker->io->now() >= session.phase_deadline) return inspect(session);
  if (client_idle_too_long(session)) return inspect(session, EndedBy::client_timeout);
  arm_timer(session);
}

void queue_timer(Session& session) {
  if (session.worker->io->now() < session.phase_deadline) {
    if (!client_idle_too_long(session)) return arm_timer(session);
    return close_session(session, EndedBy::client_timeout, 'Q');
  }
  const std::uint16_t worker = session.worker->id();
  session.backend->state->counters[worker].failed_connections.add();
  if (session.target) session.target->counters[worker].failed_connections.add();
  close_session(session, EndedBy::server_timeout, 'Q');
}

}  // namespace

bool client_idle_too_long(const Session& session) { return session.worker->io->now() >= client_idle_deadline(session); }

void arm_timer(Session& session) { session.worker->io->timers().arm(session.timer, session_deadline(session)); }

void on_session_timer(void* object) {
  Session& session = *static_cast<Session*>(object);
  if (session.is_http && session.phase != Phase::queued && session.phase != Phase::connecting &&
      session.phase != Phase::pausing)
    return on_http_timer(session);
  if (session.phase == Phase::relaying) return exchange_timer(session);
  if (session.phase == Phase::handshake) return handshake_timer(session);
  if (session.phase == Phase::inspecting) return inspection_timer(session);
  if (session.phase == Phase::queued) return queue_timer(session);
  if (session.worker->io->now() < session.phase_deadline) return arm_timer(session);
  switch (session.phase) {
    case Phase::connecting: connect_failed(session, true); return;
    case Phase::pausing: retry_connect(session); return;
    default: return;
  }
}

void on_client_event(void* object, std::uint32_t events) {
  Session& session = *static_cast<Session*>(object);
  if ((events & (EPOLLIN | io::kEndOfInput)) != 0) session.request.readable = true;
  if ((events & io::kEndOfInput) != 0) session.request.to_end = true;
  if ((events & EPOLLOUT) != 0) session.response.blocked = false;
  if (session.is_http) return on_http_client_event(session, events);
  switch (session.phase) {
    case Phase::relaying: exchange(session); return;
    case Phase::inspecting:
      if (!session.request.readable) return;
      if (!fill(session, session.request, session.client)) return inspect(session, EndedBy::client);
      inspect(session);
      return;
    case Phase::queued:
    case Phase::connecting:
    case Phase::pausing: client_event_before_exchange(session, events); return;
    case Phase::handshake: read_handshake(session); return;
    case Phase::requesting:
    case Phase::tarpit:
    case Phase::free: return;
  }
}

void on_server_event(void* object, std::uint32_t events) {
  Session& session = *static_cast<Session*>(object);
  if (session.phase == Phase::connecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      session.server.error = connection_error_of(io::socket_error(session.server.fd));
      if (session.server.error != 0 || (events & EPOLLOUT) == 0) return connect_failed(session, false);
    }
    if ((events & EPOLLOUT) == 0) return;
    if ((events & (EPOLLIN | io::kEndOfInput)) != 0) session.response.readable = true;
    if ((events & io::kEndOfInput) != 0) session.response.to_end = true;
    return server_connected(session);
  }
  if (session.phase != Phase::relaying) return;
  if ((events & (EPOLLIN | io::kEndOfInput)) != 0) session.response.readable = true;
  if ((events & io::kEndOfInput) != 0) session.response.to_end = true;
  if ((events & EPOLLOUT) != 0) session.request.blocked = false;
  session.is_http ? on_http_server_event(session) : exchange(session);
}

}  // namespace weir::proxy
