// What each protocol's server must say, and how the statistics and the log put it: status, code and words as observed
// on HAProxy 2.6, which waits for its timeout where the answer is wrong and the server stays.
#include "check/probe.h"

#include <fmt/format.h>

#include "io/worker.h"
#include "proto/ldap.h"
#include "proto/mysql.h"
#include "proto/pgsql.h"
#include "proto/smtp.h"
#include "proto/ssl3_hello.h"

namespace weir::check {
namespace {

using Move = ProbeMove::Kind;

ProbeMove wait() { return {}; }
ProbeMove send(std::string bytes) { return {.kind = Move::send, .bytes = std::move(bytes)}; }
ProbeMove done(Status status, int code, std::string info) {
  return {.kind = Move::done, .status = status, .code = code, .info = std::move(info)};
}
ProbeMove wrong(Status status, std::string_view what) {
  return done(status, status == Status::l7sts ? 0 : CheckResult::kNoCode, printable(what));
}
ProbeMove empty(Status status, int step) {
  return wrong(status, fmt::format("TCPCHK got an empty response at step {}", step));
}

// Banner, HELO, its reply, QUIT, its reply.
ProbeMove smtp(const ProbeInput& in) {
  using proto::smtp::Reply;
  constexpr int kStep[] = {2, 5, 7};
  if (in.received.empty())
    return in.ended ? empty(in.phase == 0 ? Status::l7rsp : Status::l7sts, kStep[in.phase]) : wait();
  const Reply reply = proto::smtp::parse_reply(in.received);
  if (reply.outcome == Reply::Outcome::malformed || (reply.outcome == Reply::Outcome::incomplete && in.ended))
    return wrong(Status::l7rsp, in.received);
  if (reply.outcome == Reply::Outcome::incomplete) return wait();
  if (reply.code / 100 != 2) return done(Status::l7sts, reply.code, printable(reply.text));
  if (in.phase == 0) return send(in.words.smtp_hello + "\r\n");
  if (in.phase == 1) return send("QUIT\r\n");
  return done(Status::l7ok, reply.code, printable(reply.text));
}

ProbeMove mysql_error(const proto::mysql::Message& message) {
  return done(Status::l7sts, static_cast<int>(message.code), printable(message.text));
}

proto::mysql::Dialect dialect(ProbeWords::Mysql words) {
  switch (words) {
    case ProbeWords::Mysql::pre_41: return proto::mysql::Dialect::pre_41;
    case ProbeWords::Mysql::post_80: return proto::mysql::Dialect::post_80;
    case ProbeWords::Mysql::post_41: break;
  }
  return proto::mysql::Dialect::post_41;
}

// The server greets; with a user we log in and quit at once, which leaves no error behind.
ProbeMove mysql_greeting(const ProbeInput& in) {
  using proto::mysql::Message;
  if (in.received.empty() && in.ended) return empty(Status::l7rsp, in.words.user.empty() ? 2 : 3);
  const Message message = proto::mysql::parse_greeting(in.received);
  switch (message.kind) {
    case Message::Kind::error: return mysql_error(message);
    case Message::Kind::greeting: break;
    case Message::Kind::incomplete:
      if (!in.ended) return wait();
      [[fallthrough]];
    default: return wrong(Status::l7rsp, "no MySQL greeting");
  }
  if (in.words.user.empty()) return done(Status::l7ok, 0, printable(message.text));
  ProbeMove move = send(proto::mysql::login(in.words.user, dialect(in.words.mysql)) + proto::mysql::quit());
  move.info = printable(message.text);  // the version, for the end
  return move;
}

ProbeMove mysql(const ProbeInput& in) {
  using proto::mysql::Message;
  if (in.phase == 0) return mysql_greeting(in);
  if (in.received.empty() && in.ended) return wrong(Status::l7rsp, "");
  const Message message = proto::mysql::parse_login_answer(in.received);
  switch (message.kind) {
    case Message::Kind::error: return mysql_error(message);
    case Message::Kind::accepted: return done(Status::l7ok, 0, "");
    case Message::Kind::incomplete:
      if (!in.ended) return wait();
      [[fallthrough]];
    default: return wrong(Status::l7rsp, "no answer of MySQL to the login");
  }
}

ProbeMove pgsql(const ProbeInput& in) {
  using proto::pgsql::Answer;
  if (in.phase == 0) return send(proto::pgsql::startup(in.words.user));
  if (in.received.empty()) return in.ended ? empty(Status::l7rsp, 3) : wait();
  const Answer answer = proto::pgsql::parse_answer(in.received);
  switch (answer.kind) {
    case Answer::Kind::authentication: return done(Status::l7ok, 0, "PostgreSQL server is ok");
    case Answer::Kind::error:
      return wrong(Status::l7rsp, answer.message.empty() ? std::string(answer.severity)
                                                         : fmt::format("{}: {}", answer.severity, answer.message));
    case Answer::Kind::incomplete:
      if (!in.ended) return wait();
      [[fallthrough]];
    default: return wrong(Status::l7sts, "PostgreSQL unknown error");
  }
}

ProbeMove ldap(const ProbeInput& in) {
  using proto::ldap::BindAnswer;
  if (in.phase == 0) return send(proto::ldap::bind_request());
  if (in.received.empty()) return in.ended ? empty(Status::l7rsp, 2) : wait();
  const BindAnswer answer = proto::ldap::parse_bind_answer(in.received);
  if (answer.kind == BindAnswer::Kind::incomplete && !in.ended) return wait();
  if (answer.kind != BindAnswer::Kind::complete) return wrong(Status::l7rsp, "Not LDAPv3 protocol");
  if (answer.result == 0) return done(Status::l7ok, 0, "Success");
  return done(Status::l7sts, static_cast<int>(answer.result & 0x7fffffffU),
              "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9");
}

ProbeMove redis(const ProbeInput& in) {
  if (in.phase == 0) return send("*1\r\n$4\r\nPING\r\n");
  if (in.received.empty()) return in.ended ? empty(Status::l7sts, 2) : wait();
  if (in.received.contains("+PONG\r\n")) return done(Status::l7ok, 0, "Redis server is ok");
  if (!in.received.contains('\n') && !in.ended) return wait();
  return wrong(Status::l7sts, in.received);
}

ProbeMove ssl_hello(const ProbeInput& in) {
  using proto::ssl3::Answer;
  if (in.phase == 0) return send(proto::ssl3::client_hello(in.unix_time));
  if (in.received.empty()) return in.ended ? empty(Status::l6rsp, 2) : wait();
  const Answer answer = proto::ssl3::judge_answer(in.received);
  if (answer == Answer::record) return done(Status::l6ok, CheckResult::kNoCode, "");
  return answer == Answer::incomplete && !in.ended ? wait() : wrong(Status::l6rsp, "");
}

// Manual, agent-check: one line, ended by the first \r or \n. What it means is for check/agent.h to say.
ProbeMove agent(const ProbeInput& in) {
  if (in.phase == 0 && !in.words.agent_send.empty()) return send(in.words.agent_send);
  const auto end = in.received.find_first_of("\r\n");
  if (end == in.received.npos && !in.ended) return wait();
  if (in.received.empty()) return wrong(Status::l7sts, "TCPCHK got an empty response at step 2");
  ProbeMove move = done(Status::checked, CheckResult::kNoCode, "");
  move.info = in.received.substr(0, end);
  return move;
}

struct ProbeRow {
  Kind kind;
  ProbeMove (*look)(const ProbeInput&);
  Status timeout;
};

constexpr ProbeRow kProbes[] = {
    {Kind::smtp, smtp, Status::l7tout},   {Kind::mysql, mysql, Status::l7tout},
    {Kind::pgsql, pgsql, Status::l7tout}, {Kind::ldap, ldap, Status::l7tout},
    {Kind::redis, redis, Status::l7tout}, {Kind::ssl_hello, ssl_hello, Status::l6tout},
    {Kind::agent, agent, Status::l7tout}, {Kind::http, http_probe, Status::l7tout},
};

const ProbeRow* find_probe(Kind kind) {
  for (const ProbeRow& row : kProbes)
    if (row.kind == kind) return &row;
  return nullptr;
}

}  // namespace

bool is_probe(Kind kind) { return find_probe(kind) != nullptr; }

ProbeMove next_move(Kind kind, const ProbeInput& input) { return find_probe(kind)->look(input); }

io::Task<CheckResult> run_probe(Exchange& exchange, const CheckConfig& config, const SocketAddress& server) {
  const ProbeRow& probe = *find_probe(config.kind);
  Route route = default_route(config, server);
  route.linger = true;  // a reset is an error in the logs of most of these services
  const Stage opened = co_await exchange.open(route);
  CheckResult result{.status = opened.status, .info = opened.info};
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(exchange.worker().wall_now().time_since_epoch());
  std::string kept;  // what an earlier phase has to say at the end
  unsigned phase = 0;
  bool going = passed(opened.status);
  while (going) {
    Moved moved = Moved::ok;
    ProbeMove move = probe.look({.words = config.probe,
                                 .phase = phase,
                                 .received = exchange.received(),
                                 .ended = exchange.ended(),
                                 .unix_time = static_cast<std::uint32_t>(now.count()),
                                 .server = &server});
    if (move.kind == Move::done) {
      if (move.info.empty() && passed(move.status)) move.info = std::move(kept);
      result = {.status = move.status, .code = move.code, .info = std::move(move.info)};
      break;
    }
    if (move.kind == Move::send) {
      if (!move.info.empty()) kept = std::move(move.info);
      exchange.forget_received();
      phase++;
      moved = co_await exchange.send(move.bytes);
    } else {
      moved = co_await exchange.receive();
    }
    if (moved == Moved::timed_out) result = {.status = probe.timeout, .info = {}};
    if (moved == Moved::failed) result = {.status = Status::l7rsp, .info = exchange.failure()};
    going = moved != Moved::timed_out && moved != Moved::failed;
  }
  result.duration = exchange.elapsed();
  co_await exchange.finish();
  co_return result;
}

}  // namespace weir::check
