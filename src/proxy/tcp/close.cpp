// A session's end: who ended it, what it moved, its log line, its places given to others.
#include <sys/socket.h>

#include <algorithm>

#include "base/assert.h"
#include "proxy/accepting.h"
#include "proxy/explain.h"
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

std::uint32_t milliseconds(TimePoint from, TimePoint to) {
  if (from == TimePoint{} || to == TimePoint{} || to < from) return 0;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<Milliseconds>(to - from).count());
}

void count_end(Session& session) {
  if (!session.backend) return;
  const std::uint16_t worker = session.worker->id();
  BackendCounters& backend = session.backend->state->counters[worker];
  ServerCounters* server = session.target ? &session.target->counters[worker] : nullptr;
  const SessionFacts& facts = session.facts;
  if (facts.ended_in == 'D' || facts.ended_in == 'L') {
    if (facts.ended_by == EndedBy::client || facts.ended_by == EndedBy::client_timeout) {
      backend.client_aborts.add();
      if (server != nullptr) server->client_aborts.add();
    } else if (facts.ended_by == EndedBy::server || facts.ended_by == EndedBy::server_timeout) {
      backend.server_aborts.add();
      if (server != nullptr) server->server_aborts.add();
    }
  }
  if (facts.connect_finished == TimePoint{} || session.is_http) return;  // HTTP counts by request
  const std::uint32_t queue = milliseconds(facts.queued, facts.queue_left);
  const std::uint32_t connect = milliseconds(facts.connect_started, facts.connect_finished);
  const std::uint32_t total = milliseconds(facts.accepted, session.worker->io->now());
  session.backend->state->queue_time.add(queue);
  session.backend->state->connect_time.add(connect);
  session.backend->state->total_time.add(total);
  session.target->queue_time.add(queue);
  session.target->connect_time.add(connect);
  session.target->total_time.add(total);
}

// An end that was no agreement leaves no TIME_WAIT towards the server: its port is free at once.
bool abnormal(const Session& session) { return session.facts.ended_by != EndedBy::nobody; }

void drain(const Session& session) {
  constexpr int kMost = 8;
  const std::span<char> scratch = session.worker->io->scratch();
  for (int times = 0; times != kMost; times++) {
    const ssize_t got = ::recv(session.client.fd, scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got <= 0) return;
    if (times == 0) io::shutdown_write(session.client.fd);
    if (static_cast<std::size_t>(got) < scratch.size()) return;
  }
}

void close_client_side(Session& session) {
  if (session.client.fd < 0) return;
  // Bytes that nobody read would turn the FIN into a reset, which may overtake the answer: a client let go before it
  // had a server sees a plain end, and so does one that speaks HTTP (RFC 9112 9.6).
  const bool unread = session.is_http ? !session.request.ended
                                      : session.facts.connect_finished == TimePoint{} && session.request.readable;
  if (unread && !session.silent_drop) drain(session);
  if (session.frontend->config->settings.no_linger && !session.silent_drop) io::set_linger_reset(session.client.fd);
  if (session.client.token) session.worker->io->reactor().forget(session.client.token);
  ::close(session.client.fd);
  session.client.fd = -1;
}

// The log line is written when the server's socket is closed: it must not wait for that, for others want its slot.
void keep_for_log(Session& session) {
  session.worker->server_at_close.reset();
  if (session.logged || !session.server.connected || !session.frontend->log.asks_server_rtt) return;
  session.worker->server_at_close = io::kernel_tcp_info(session.server.fd);
}

}  // namespace

char phase_letter(Phase phase) {
  switch (phase) {
    case Phase::free: return '-';
    case Phase::handshake:
    case Phase::requesting:
    case Phase::inspecting: return 'R';
    case Phase::tarpit: return 'T';
    case Phase::queued: return 'Q';
    case Phase::connecting:
    case Phase::pausing: return 'C';
    case Phase::relaying: return 'D';
  }
  return '-';
}

void report_bytes(Session& session) {
  const std::uint16_t worker = session.worker->id();
  const std::uint64_t received = std::max(session.request.received(), session.request.reported);
  const std::uint64_t in = received - session.request.reported;
  const std::uint64_t out = session.response.total - session.response.reported;
  session.request.reported = received;
  session.response.reported = session.response.total;
  FrontendCounters& frontend = session.frontend->state->counters[worker];
  frontend.bytes_in.add(in);
  frontend.bytes_out.add(out);
  if (session.backend) {
    BackendCounters& backend = session.backend->state->counters[worker];
    backend.bytes_in.add(in);
    backend.bytes_out.add(out);
  }
  if (session.target) {
    ServerCounters& server = session.target->counters[worker];
    server.bytes_in.add(in);
    server.bytes_out.add(out);
  }
}

void close_server_side(Session& session, bool reset) {
  if (session.server.fd < 0) return;
  if (reset || session.backend->config->settings.no_linger) io::set_linger_reset(session.server.fd);
  if (session.server.token) session.worker->io->reactor().forget(session.server.token);
  ::close(session.server.fd);
  session.server.fd = -1;
  session.server.token = {};
  session.server.connected = false;
}

void release_target(Session& session) {
  if (!session.holds_slot) return;
  session.holds_slot = false;
  session.target->sessions.decrement();
  session.backend->state->release(*session.target);
}

void close_session(Session& session, EndedBy by, char in) {
  WEIR_ASSERT(session.phase != Phase::free);
  if (session.is_http && answer_instead_of_closing(session, by, in)) return;
  WorkerContext& worker = *session.worker;
  SessionFacts& facts = session.facts;
  if (facts.ended_by == EndedBy::nobody && by != EndedBy::nobody) {
    facts.ended_by = by;
    facts.ended_in = in;
  }
  if (session.phase == Phase::queued) {
    // COMPAT: observed on 2.6: the wait of a client that was silent for too long is no wait.
    if (by != EndedBy::client_timeout) facts.queue_left = worker.io->now();
    session.backend->state->leave_line(session.waiter);
  }
  report_bytes(session);
  count_end(session);
  keep_for_log(session);
  close_server_side(session, abnormal(session) && !session.response.ended);
  release_target(session);
  if (session.counted_in_backend) session.backend->state->sessions.decrement();
  if (session.http != nullptr) {
    end_exchange(session);
    give_exchange_back(session);
  } else if (!session.is_http) {
    write_log(session, LogOrigin::txn_close);
  }
  end_explaining(session);
  if (session.own_server != nullptr) close_own_server(session);
  end_tracking(session);  // COMPAT: observed on 2.6: the line does not know of the last bytes yet
  drop_held_bytes(session, session.request);
  drop_held_bytes(session, session.response);
  close_client_side(session);
  session.timer.cancel();
  const std::shared_ptr<const FrontendPlan> frontend = std::move(session.frontend);
  const std::shared_ptr<ListenerState> listener = std::move(session.listener);
  worker.sessions.give(session);
  connection_closed(worker, *frontend->state, *listener);
}

// COMPAT: an exchange that is ended from outside has no phase letter: "K-", "D-".
void kill_session(Session& session, EndedBy by) {
  close_session(session, by, session.phase == Phase::relaying ? '-' : phase_letter(session.phase));
}

}  // namespace weir::proxy
