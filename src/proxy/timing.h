// The times of a session, for its log line and for fetches: milliseconds, -1 for what never was. Manual 8.4.
#pragma once

#include <chrono>
#include <cstdint>

#include "proxy/http/exchange.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

/// When a timeout that runs from `from` is over; never without one.
[[nodiscard]] inline TimePoint later(TimePoint from, const Timeout& timeout) {
  return timeout && timeout->count() != 0 ? from + *timeout : TimePoint::max();
}

[[nodiscard]] inline std::int64_t elapsed_ms(TimePoint from, TimePoint to) {
  if (from == TimePoint{} || to == TimePoint{}) return -1;
  return std::chrono::duration_cast<Milliseconds>(to - from).count();
}

// %Tw counts from the accept: in TCP mode the wait for the first bytes is part of it. COMPAT: observed on 2.6.
[[nodiscard]] inline std::int64_t queue_time_ms(const Session& session) {
  return elapsed_ms(session.is_http ? session.facts.request_complete : session.facts.accepted,
                    session.facts.queue_left);
}
[[nodiscard]] inline std::int64_t connect_time_ms(const Session& session) {
  return elapsed_ms(session.facts.connect_started, session.facts.connect_finished);
}
[[nodiscard]] inline std::int64_t data_time_ms(const Session& session, TimePoint now) {
  return elapsed_ms(session.facts.connect_finished, now);
}
/// The header that a connection may begin with; 0 without one.
[[nodiscard]] inline std::int64_t handshake_time_ms(const Session& session) {
  if (!session.extras || session.extras->handshake_finished == TimePoint{}) return 0;
  return elapsed_ms(session.facts.accepted, session.extras->handshake_finished);
}
/// HTTP: from the first byte of a request to the end of its head. COMPAT: observed on 2.6: no such time for a request
/// that was refused without an answer, kept waiting, or had no backend.
[[nodiscard]] inline std::int64_t request_time_ms(const Session& session) {
  if (session.http != nullptr && session.http->untimed) return -1;
  return elapsed_ms(session.facts.request_began, session.facts.request_complete);
}
/// HTTP: how long the connection was idle before the request.
[[nodiscard]] inline std::int64_t idle_time_ms(const Session& session) {
  const std::int64_t whole = elapsed_ms(session.facts.accepted, session.facts.request_began);
  return whole < 0 ? whole
                   : std::max<std::int64_t>(0, whole - (session.requests <= 1 ? handshake_time_ms(session) : 0));
}
/// HTTP: all until the request's head was there. Manual: Th + Ti + TR.
[[nodiscard]] inline std::int64_t whole_request_time_ms(const Session& session) {
  const std::int64_t request = request_time_ms(session);
  return request < 0 ? request : elapsed_ms(session.facts.accepted, session.facts.request_complete);
}
/// HTTP: when the request began, by the clock of the wall.
[[nodiscard]] inline WallTime request_wall(const Session& session) {
  const SessionFacts& facts = session.facts;
  if (facts.request_began == TimePoint{}) return facts.accepted_wall;
  return facts.accepted_wall + std::chrono::duration_cast<WallTime::duration>(facts.request_began - facts.accepted);
}
/// HTTP: from the connection to the answer's head.
[[nodiscard]] inline std::int64_t response_time_ms(const Session& session) {
  return elapsed_ms(session.facts.connect_finished, session.facts.response_began);
}
/// HTTP: from the request's first byte to the end.
[[nodiscard]] inline std::int64_t active_time_ms(const Session& session, TimePoint now) {
  const SessionFacts& facts = session.facts;
  return elapsed_ms(session.is_http && facts.request_began != TimePoint{} ? facts.request_began : facts.accepted, now);
}
[[nodiscard]] inline std::int64_t total_time_ms(const Session& session, TimePoint now) {
  return elapsed_ms(session.facts.accepted, now);
}

}  // namespace weir::proxy
