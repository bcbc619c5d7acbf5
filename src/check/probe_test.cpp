// The protocol checks as moves: what was received, what is done then. Statuses and words as observed on 2.6.
#include "check/probe.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::check {
namespace {

using namespace std::string_literals;
using Move = ProbeMove::Kind;

std::string packet(char sequence, const std::string& body) {
  return std::string(1, static_cast<char>(body.size())) + "\0\0"s + sequence + body;
}
const std::string kGreeting = packet(0,
                                     "\x0a"
                                     "8.0.1\0\1\0\0\0AAAAAAAA\0"s);

ProbeWords user() {
  ProbeWords words;
  words.user = "chk";
  return words;
}

TEST(Probe, Ends) {
  struct Row {
    Kind kind;
    unsigned phase;
    std::string received;
    bool ended;
    Status status;
    int code;
    std::string info;
  };
  constexpr int kNone = CheckResult::kNoCode;
  const Row rows[] = {
      {Kind::smtp, 2, "221 bye\r\n", false, Status::l7ok, 221, "bye"},
      {Kind::smtp, 0, "554 go away\r\n", false, Status::l7sts, 554, "go away"},
      {Kind::smtp, 0, "hello\r\n", false, Status::l7rsp, kNone, "hello"},
      {Kind::smtp, 0, "22\r\n", true, Status::l7rsp, kNone, "22"},
      {Kind::smtp, 0, "", true, Status::l7rsp, kNone, "TCPCHK got an empty response at step 2"},
      {Kind::smtp, 1, "", true, Status::l7sts, 0, "TCPCHK got an empty response at step 5"},
      {Kind::smtp, 1, "502 no\r\n", false, Status::l7sts, 502, "no"},
      {Kind::redis, 1, "+PONG\r\n", false, Status::l7ok, 0, "Redis server is ok"},
      {Kind::redis, 1, "-NOAUTH Authentication required.\r\n", false, Status::l7sts, 0,
       "-NOAUTH Authentication required."},
      {Kind::redis, 1, "", true, Status::l7sts, 0, "TCPCHK got an empty response at step 2"},
      {Kind::ldap, 1, "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s, false, Status::l7ok, 0, "Success"},
      {Kind::ldap, 1, "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x30\x04\x00\x04\x00"s, false, Status::l7sts, 48,
       "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"},
      {Kind::ldap, 1, "hi", false, Status::l7rsp, kNone, "Not LDAPv3 protocol"},
      {Kind::ldap, 1, "0", true, Status::l7rsp, kNone, "Not LDAPv3 protocol"},
      {Kind::pgsql, 1, "R\0\0\0\x08\0\0\0\0"s, false, Status::l7ok, 0, "PostgreSQL server is ok"},
      {Kind::pgsql, 1, "E\0\0\0\x19SFATAL\0Mno such role\0\0"s, false, Status::l7rsp, kNone, "FATAL: no such role"},
      {Kind::pgsql, 1, "hello", false, Status::l7sts, 0, "PostgreSQL unknown error"},
      {Kind::pgsql, 1, "", true, Status::l7rsp, kNone, "TCPCHK got an empty response at step 3"},
      {Kind::mysql, 0, "", true, Status::l7rsp, kNone, "TCPCHK got an empty response at step 3"},
      {Kind::mysql, 0, packet(0, "\xff\x69\x04Host is blocked"s), false, Status::l7sts, 1129, "Host is blocked"},
      {Kind::mysql, 0, "SSH-2.0-OpenSSH\r\n", false, Status::l7rsp, kNone, "no MySQL greeting"},
      {Kind::mysql, 1, packet(2, "\0\0\0\2\0\0\0"s), false, Status::l7ok, 0, ""},
      {Kind::mysql, 1, packet(2, "\xff\x15\x04#28000Access denied"s), false, Status::l7sts, 1045,
       "#28000Access denied"},
      {Kind::mysql, 1, "", true, Status::l7rsp, kNone, ""},
      {Kind::ssl_hello, 1, "\x16\x03\x00\x00\x2a"s, false, Status::l6ok, kNone, ""},
      {Kind::ssl_hello, 1, "hello", false, Status::l6rsp, kNone, ""},
      {Kind::ssl_hello, 1, "", true, Status::l6rsp, kNone, "TCPCHK got an empty response at step 2"},
      {Kind::agent, 0, "up 50%\r\n", false, Status::checked, kNone, "up 50%"},
      {Kind::agent, 0, "\n", false, Status::checked, kNone, ""},
  };
  const ProbeWords words = user();
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << static_cast<int>(row.kind) << " " << row.received);
    const ProbeMove move =
        next_move(row.kind, {.words = words, .phase = row.phase, .received = row.received, .ended = row.ended});
    ASSERT_EQ(move.kind, Move::done);
    EXPECT_EQ(status_word(move.status), status_word(row.status));
    EXPECT_EQ(move.code, row.code);
    EXPECT_EQ(move.info, row.info);
  }
}

TEST(Probe, SpeaksAndWaits) {
  const ProbeWords words = user();
  const auto move = [&](Kind kind, unsigned phase, std::string_view received) {
    return next_move(kind, {.words = words, .phase = phase, .received = received});
  };
  EXPECT_EQ(move(Kind::smtp, 0, "").kind, Move::wait);
  EXPECT_EQ(move(Kind::smtp, 0, "220 mx\r\n").bytes, "HELO localhost\r\n");
  EXPECT_EQ(move(Kind::smtp, 1, "250-mx\r\n250 ok\r\n").bytes, "QUIT\r\n");
  EXPECT_EQ(move(Kind::redis, 0, "").bytes, "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(move(Kind::redis, 1, "+PONG").kind, Move::wait);
  EXPECT_EQ(move(Kind::ldap, 1, "\x30\x0c\x02").kind, Move::wait);
  EXPECT_EQ(move(Kind::pgsql, 0, "").kind, Move::send);
  EXPECT_EQ(move(Kind::mysql, 0, kGreeting).kind, Move::send);
  EXPECT_EQ(move(Kind::mysql, 0, kGreeting).info, "8.0.1");
  ProbeWords nobody;
  EXPECT_EQ(next_move(Kind::mysql, {.words = nobody, .received = kGreeting}).info, "8.0.1");
  EXPECT_EQ(next_move(Kind::mysql, {.words = nobody, .received = kGreeting}).status, Status::l7ok);
  ProbeWords asks;
  asks.agent_send = "farm/s1\n";
  EXPECT_EQ(next_move(Kind::agent, {.words = asks}).bytes, "farm/s1\n");
  EXPECT_EQ(next_move(Kind::agent, {.words = asks, .phase = 1, .received = "75"}).kind, Move::wait);
}

// Whatever a server says, its words stay on one line of the log.
TEST(Probe, WordsAreFitForTheLog) {
  EXPECT_EQ(printable("a\tb\"c\x1b[31m\xff\r\nnext"), "a.b.c.[31m.");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 200U);
}

// An ended input is never waited for.
TEST(Probe, EndsWithItsInput) {
  const ProbeWords words = user();
  for (const Kind kind : {Kind::smtp, Kind::mysql, Kind::pgsql, Kind::ldap, Kind::redis, Kind::ssl_hello, Kind::agent})
    for (const unsigned phase : {0U, 1U, 2U})
      for (const std::string& received : {""s, "2"s, "0"s, "R"s, "E"s, "+"s, "\x16"s, kGreeting.substr(0, 7)}) {
        const ProbeMove move = next_move(kind, {.words = words, .phase = phase, .received = received, .ended = true});
        EXPECT_NE(move.kind, Move::wait) << static_cast<int>(kind) << " " << phase << " " << received;
      }
}

}  // namespace
}  // namespace weir::check
