// The checks that speak one protocol: SMTP, MySQL, PostgreSQL, LDAP, Redis, the SSL hello, an agent's line.
//
// Each is one function from what was received to the next move, without I/O; run_probe() makes the moves. A wrong
// answer is told at once, not when the time is over; what a server said is shown in printable characters only. Manual:
// option smtpchk, mysql-check, pgsql-check, ldap-check, redis-check, ssl-hello-chk, agent-check.
#pragma once

#include "check/exchange.h"

namespace weir::check {

struct ProbeInput {
  const ProbeWords& words;
  unsigned phase = 0;  // how often we have spoken
  std::string_view received = {};
  bool ended = false;
  std::uint32_t unix_time = 0;
  const SocketAddress* server = nullptr;  // whom we speak to
};

struct ProbeMove {
  enum class Kind : std::uint8_t { wait, send, done } kind = Kind::wait;
  std::string bytes = {};  // to send
  Status status = Status::unk;
  int code = CheckResult::kNoCode;
  std::string info = {};
};

/// Whether the kind is one of these.
bool is_probe(Kind kind);
/// What to do next. Never `wait` once the input has ended.
ProbeMove next_move(Kind kind, const ProbeInput& input);

io::Task<CheckResult> run_probe(Exchange& exchange, const CheckConfig& config, const SocketAddress& server);

}  // namespace weir::check
