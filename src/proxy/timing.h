// The times of a session, for its log line and for fetches: milliseconds, -1 for what never was. Manual 8.4.
#pragma once

#include <chrono>
#include <cstdint>

#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

[[nodiscard]] inline std::int64_t elapsed_ms(TimePoint from, TimePoint to) {
  if (from == TimePoint{} || to == TimePoint{}) return -1;
  return std::chrono::duration_cast<Milliseconds>(to - from).count();
}

// %Tw counts from the accept: in TCP mode the wait for the first bytes is part of it. COMPAT: observed on 2.6.
[[nodiscard]] inline std::int64_t queue_time_ms(const Session& session) {
  return elapsed_ms(session.facts.accepted, session.facts.queue_left);
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
[[nodiscard]] inline std::int64_t total_time_ms(const Session& session, TimePoint now) {
  return elapsed_ms(session.facts.accepted, now);
}

}  // namespace weir::proxy
