// Checks against loopback servers. Where time matters the worker believes a fake clock that moves with every turn, so
// that a server which hangs costs no waiting.
#include "check/runner.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <vector>

#include "check/exchange.h"
#include "check/health.h"
#include "config/lexer.h"
#include "io/testing.h"
#include "io/worker.h"
#include "sample/registry.h"
#include "tls/testing.h"

namespace weir::check {
namespace {

using tls::testing::LoopbackServer;

io::Task<void> store(const CheckConfig* config, const SocketAddress* server, std::optional<CheckResult>* into) {
  CheckResult result = co_await check_once(*config, *server);
  into->emplace(std::move(result));
}

/// One check; the clock moves by `per_turn` each turn.
CheckResult check(const CheckConfig& config, const SocketAddress& server, Milliseconds per_turn = Milliseconds(0)) {
  io::FakeClock clock;
  io::Worker worker({.clock = &clock});
  io::Scope scope(worker.deferred());
  std::optional<CheckResult> result;
  worker.post([&] { scope.spawn(store, &config, &server, &result); });
  for (int turn = 0; turn < 5000 && !result; turn++) {
    worker.run_once(per_turn.count() > 0 ? 0 : 10);
    clock.advance(per_turn);
  }
  scope.destroy_all();
  return result.value_or(CheckResult{.status = Status::unk, .info = "the check did not end"});
}

/// A port that nobody listens on: bound, so that nobody else takes it.
class RefusedPort {
 public:
  RefusedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    socklen_t length = SocketAddress::ipv4(INADDR_LOOPBACK, 0).to_sockaddr(storage);
    WEIR_ASSERT(::bind(fd_, reinterpret_cast<sockaddr*>(&storage), length) == 0);
    length = sizeof storage;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length);
    address = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  }
  RefusedPort(const RefusedPort&) = delete;
  RefusedPort& operator=(const RefusedPort&) = delete;
  ~RefusedPort() { ::close(fd_); }
  SocketAddress address;

 private:
  int fd_;
};

LoopbackServer hanging() {
  return LoopbackServer([](int) { return false; });
}
std::function<bool(int)> saying(std::string bytes, bool close = false) {
  return [bytes = std::move(bytes), close](int fd) {
    tls::testing::send_all(fd, bytes);
    if (close) ::shutdown(fd, SHUT_WR);
    return false;
  };
}

Step step(std::string_view line) {
  static const sample::Registry registry({.fetches = sample::sample_fetches(),
                                          .converters = sample::sample_converters(),
                                          .acl_keywords = sample::sample_acl_keywords(),
                                          .log_aliases = {}});
  config::Words words;
  while (!line.empty()) {
    const auto space = std::min(line.find(' '), line.size());
    config::Word word;
    word.text = line.substr(0, space);
    words.push_back(word);
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  Diagnostics diagnostics;
  auto parsed = parse_tcp_check_step(words, {}, {.registry = &registry}, diagnostics);
  WEIR_ASSERT(parsed.has_value());
  return *parsed;
}

CheckConfig script(std::vector<std::string> lines) {
  CheckConfig config;
  config.kind = Kind::tcp_check;
  for (const std::string& line : lines) config.steps.push_back(step(line));
  WEIR_ASSERT(complete(config));
  return config;
}

CheckConfig secured() {
  CheckConfig config;
  config.tls = true;
  WEIR_ASSERT(complete(config));
  return config;
}

class Check : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(Check, Layer4) {
  LoopbackServer server = hanging();
  const CheckResult good = check({}, server.address());
  EXPECT_EQ(good.status, Status::l4ok);
  EXPECT_EQ(good.info, "");
  const RefusedPort refused;
  const CheckResult bad = check({}, refused.address);
  EXPECT_EQ(bad.status, Status::l4con);
  EXPECT_EQ(bad.info, "Connection refused");
}

TEST_F(Check, AddrAndPortMoveTheCheck) {
  LoopbackServer server = hanging();
  const RefusedPort refused;
  CheckConfig config;
  config.port = server.address().port();
  EXPECT_EQ(check(config, refused.address).status, Status::l4ok);
  config.port = 0;
  config.address = SocketAddress::ipv4(INADDR_LOOPBACK, 0);
  EXPECT_EQ(check(config, server.address()).status, Status::l4ok) << "addr without a port takes the server's";
}

TEST_F(Check, Layer6) {
  LoopbackServer server(tls::testing::tls_service(tls::testing::make_server_context("farm.test")));
  EXPECT_EQ(check(secured(), server.address()).status, Status::l6ok);
  LoopbackServer garbage(saying("no TLS here\r\n"));
  const CheckResult bad = check(secured(), garbage.address());
  EXPECT_EQ(bad.status, Status::l6rsp);
  EXPECT_EQ(bad.info, "SSL handshake failure (wrong version number)");
  LoopbackServer silent = hanging();
  const CheckResult late = check(secured(), silent.address(), Milliseconds(50));
  EXPECT_EQ(late.status, Status::l6tout);
  EXPECT_GE(late.duration.count(), 2000);
  EXPECT_LT(late.duration.count(), 2200);
}

TEST_F(Check, VerifiedLayer6) {
  LoopbackServer server(tls::testing::tls_service(tls::testing::make_server_context("farm.test")));
  CheckConfig config;
  config.tls = true;
  config.tls_client.verify = tls::Verify::required;
  ASSERT_TRUE(complete(config));
  EXPECT_EQ(check(config, server.address()).info,
            "SSL handshake failure (certificate verify failed: self-signed certificate)");
}

TEST_F(Check, TheArticlesTlsConnect) {
  LoopbackServer server(tls::testing::tls_service(tls::testing::make_server_context("farm.test")));
  const CheckConfig config = script({"connect port " + std::to_string(server.address().port()) + " ssl"});
  EXPECT_TRUE(speaks_tls(config));
  const RefusedPort refused;
  const CheckResult good = check(config, refused.address);
  EXPECT_EQ(good.status, Status::l6ok);
  EXPECT_EQ(good.info, "(tcp-check)");
}

TEST_F(Check, ScriptsThatPass) {
  LoopbackServer hello(saying("hello world\r\n"));
  struct Row {
    std::vector<std::string> lines;
    Status status;
    int code;
  };
  const Row rows[] = {
      {{"connect"}, Status::l4ok, CheckResult::kNoCode},
      {{"send abc"}, Status::l7ok, 0},
      {{"expect string hello"}, Status::l7ok, 0},
      {{"connect", "expect string hello", "expect string world"}, Status::l7ok, 0},
      {{"expect rstring w.rld"}, Status::l7ok, 0},
      {{"expect binary 6c6c"}, Status::l7ok, 0},
      {{"expect min-recv 5 ! string bye"}, Status::l7ok, 0},
      {{"expect string-lf hello"}, Status::l7ok, 0},
      {{"expect ok-status L4OK string hello"}, Status::l4ok, CheckResult::kNoCode},
      {{"expect status-code int(7) string hello"}, Status::l7ok, 7},
      {{"expect status-code res.payload(0,5),length string hello"}, Status::l7ok, 5},
      {{"set-var(check.word) str(hello)", "connect", "expect string-lf %[var(check.word)]"}, Status::l7ok, 0},
      {{"set-var(sess.w) str(68656c6c6f)", "expect binary-lf %[var(sess.w)]"}, Status::l7ok, 0},
      {{"connect port var(check.none)", "expect string hello"}, Status::l7ok, 0},
      {{"comment x", "connect", "comment y"}, Status::l4ok, CheckResult::kNoCode},
      {{"connect", "expect string hello", "connect"}, Status::l4ok, CheckResult::kNoCode},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.lines.back());
    const CheckResult result = check(script(row.lines), hello.address());
    EXPECT_EQ(status_word(result.status), status_word(row.status)) << result.info;
    EXPECT_EQ(result.code, row.code);
    EXPECT_EQ(result.info, "(tcp-check)");
  }
}

TEST_F(Check, ScriptsThatFail) {
  LoopbackServer hello(saying("garbage\r\n", true));
  LoopbackServer empty(saying("", true));
  const RefusedPort refused;
  const std::string dead = std::to_string(refused.address.port());
  struct Row {
    const SocketAddress& server;
    std::vector<std::string> lines;
    Status status;
    std::string info;
  };
  const Row rows[] = {
      {hello.address(),
       {"connect", "expect string hello comment hi"},
       Status::l7rsp,
       "TCPCHK did not match content 'hello' at step 2 comment: hi"},
      {hello.address(), {"expect rstring ^x"}, Status::l7rsp, "TCPCHK did not match content (regex) at step 1"},
      {hello.address(), {"expect binary 0b0b"}, Status::l7rsp, "TCPCHK did not match content (binary) at step 1"},
      {hello.address(), {"expect rbinary ^00"}, Status::l7rsp, "TCPCHK did not match content (binary regex) at step 1"},
      {hello.address(),
       {"expect ! string garb comment nogarb"},
       Status::l7rsp,
       "TCPCHK matched unwanted content 'garb' at step 1 comment: nogarb"},
      {hello.address(),
       {"expect error-status L7STS on-error bad comment foo string x"},
       Status::l7sts,
       "bad comment: foo"},
      {empty.address(),
       {"connect", "expect string x comment hi"},
       Status::l7rsp,
       "TCPCHK got an empty response at step 2 comment: 'hi'"},
      {refused.address,
       {"expect string x"},
       Status::l4con,
       "Connection refused at initial connection step of tcp-check"},
      {hello.address(),
       {"connect", "comment second", "connect port " + dead},
       Status::l4con,
       "Connection refused at step 3 of tcp-check (connect port " + dead + ") comment: 'second'"},
      {hello.address(),
       {"connect ssl comment abc"},
       Status::l6rsp,
       "SSL handshake failure (wrong version number) at step 1 of tcp-check (connect) comment: 'abc'"},
      {hello.address(),
       {"expect min-recv 0 string hello"},
       Status::l7rsp,
       "TCPCHK did not match content 'hello' at step 1"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.lines.back());
    const CheckResult result = check(script(row.lines), row.server);
    EXPECT_EQ(status_word(result.status), status_word(row.status));
    EXPECT_EQ(result.info, row.info);
  }
}

TEST_F(Check, ScriptsThatTimeOut) {
  LoopbackServer silent = hanging();
  CheckConfig config = script({"connect", "expect string hello comment hi"});
  config.inter = Milliseconds(1000);
  CheckResult late = check(config, silent.address(), Milliseconds(50));
  EXPECT_EQ(late.status, Status::l7tout);
  EXPECT_EQ(late.info, " at step 2 of tcp-check (expect string 'hello') comment: 'hi'");
  EXPECT_GE(late.duration.count(), 1000);
  EXPECT_LT(late.duration.count(), 1200);
  // With `timeout check` the exchange has that long of its own, whatever inter says.
  config.check_timeout = Milliseconds(3000);
  late = check(config, silent.address(), Milliseconds(50));
  EXPECT_GE(late.duration.count(), 3000);
  // ... and the connection, handshake included, min(timeout connect, inter).
  CheckConfig tls_connect = script({"connect ssl"});
  tls_connect.check_timeout = Milliseconds(3000);
  tls_connect.connect_timeout = Milliseconds(300);
  late = check(tls_connect, silent.address(), Milliseconds(50));
  EXPECT_EQ(late.status, Status::l6tout);
  EXPECT_EQ(late.info, " at step 1 of tcp-check (connect)");
  EXPECT_LT(late.duration.count(), 500);
  CheckConfig renamed = script({"expect tout-status L4TOUT string x"});
  EXPECT_EQ(check(renamed, silent.address(), Milliseconds(50)).status, Status::l4tout);
}

TEST_F(Check, AsksAndIsAnswered) {
  LoopbackServer redis([](int fd) {
    for (const std::string_view answer : {"+PONG\r\n", "role:master\r\n"}) {
      char question[64];
      if (::recv(fd, question, sizeof question, 0) <= 0) return false;
      tls::testing::send_all(fd, answer);
    }
    return false;
  });
  EXPECT_EQ(
      check(script({"send PING", "expect string +PONG", "send info", "expect string role:master"}), redis.address())
          .status,
      Status::l7ok);
  // A new question: what was received before it no longer matches.
  EXPECT_EQ(check(script({"send PING", "expect string +PONG", "send info", "expect min-recv 1 string +PONG"}),
                  redis.address())
                .status,
            Status::l7rsp);
}

TEST_F(Check, RdpNegotiation) {
  struct Row {
    std::string answer;
    Status status;
    std::string info;
  };
  const auto confirm = [](std::string_view negotiation) {
    std::string packet("\x03\x00\x00", 3);
    packet += static_cast<char>(11 + negotiation.size());
    packet += static_cast<char>(6 + negotiation.size());
    packet += std::string("\xD0\x00\x00\x12\x34\x00", 6);
    return packet + std::string(negotiation);
  };
  const Row rows[] = {
      {confirm(std::string_view("\x02\x00\x08\x00\x01\x00\x00\x00", 8)), Status::l7ok, "RDP, selected protocol 1"},
      {confirm(""), Status::l7ok, "RDP, standard security"},
      {confirm(std::string_view("\x03\x00\x08\x00\x05\x00\x00\x00", 8)), Status::l7ok,
       "RDP, HYBRID_REQUIRED_BY_SERVER"},
      {confirm(std::string_view("\x03\x00\x08\x00\x03\x00\x00\x00", 8)), Status::l7rsp, ""},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", Status::l7rsp, "the answer is no RDP connection confirm"},
      {std::string("\x03\x00\x00", 3), Status::l7rsp, "connection closed before an RDP connection confirm"},
  };
  CheckConfig config;
  config.kind = Kind::rdp;
  for (const Row& row : rows) {
    LoopbackServer server([&row](int fd) {
      char request[64];
      const ssize_t size = ::recv(fd, request, sizeof request, 0);
      // A connection request that asks for TLS or NLA.
      if (size != 19 || request[5] != '\xE0' || request[15] != 3) return false;
      tls::testing::send_all(fd, row.answer);
      ::shutdown(fd, SHUT_WR);
      return false;
    });
    const CheckResult result = check(config, server.address());
    EXPECT_EQ(status_word(result.status), status_word(row.status)) << result.info;
    if (!row.info.empty()) EXPECT_EQ(result.info, row.info);
  }
  LoopbackServer hung = hanging();
  const CheckResult late = check(config, hung.address(), Milliseconds(50));
  EXPECT_EQ(late.status, Status::l7tout);
  EXPECT_EQ(late.info, "no RDP connection confirm");
}

struct Watcher {
  io::FakeClock& clock;
  CheckConfig config;
  SocketAddress server;
  Health health{2, 2, true};
  bool is_enabled = true;
  std::vector<std::int64_t> started;
  int ended = 0;

  CheckSink sink() {
    return {
        .object = this,
        .address = [](void* self) { return static_cast<Watcher*>(self)->server; },
        .enabled = [](void* self) { return static_cast<Watcher*>(self)->is_enabled; },
        .started =
            [](void* self) {
              auto& watcher = *static_cast<Watcher*>(self);
              watcher.started.push_back(
                  std::chrono::duration_cast<Milliseconds>(watcher.clock.now.time_since_epoch()).count() - 1'000'000);
            },
        .finished =
            [](void* self, const CheckResult& result) {
              auto& watcher = *static_cast<Watcher*>(self);
              watcher.ended++;
              watcher.health.apply(result);
            },
        .interval =
            [](void* self) {
              const auto& watcher = *static_cast<Watcher*>(self);
              return watcher.health.interval(watcher.config);
            }};
  }
};

TEST_F(Check, LoopKeepsItsIntervals) {
  io::FakeClock clock;
  io::Worker worker({.clock = &clock});
  io::Scope scope(worker.deferred());
  const RefusedPort refused;
  Watcher watcher{.clock = clock, .config = {}, .server = refused.address, .started = {}};
  watcher.config.inter = Milliseconds(1000);
  watcher.config.downinter = Milliseconds(2000);
  worker.post([&] {
    scope.spawn(run_checks, std::make_shared<const CheckConfig>(watcher.config), watcher.sink(), Milliseconds(500));
  });
  for (int turn = 0; turn < 1000; turn++) {
    worker.run_once(0);
    worker.run_once(0);
    clock.advance(Milliseconds(10));
    if (turn == 700) watcher.is_enabled = false;
  }
  // First after its offset, then every 2 s (down at once), none in maintenance. A turn of slack each.
  ASSERT_EQ(watcher.started.size(), 4U);
  for (std::size_t i = 0; i < 4; i++)
    EXPECT_NEAR(static_cast<double>(watcher.started[i]), 500.0 + 2000.0 * static_cast<double>(i),
                50.0 * static_cast<double>(i + 1));
  EXPECT_EQ(watcher.ended, 4);
  EXPECT_EQ(watcher.health.status_text(), "DOWN");
  scope.destroy_all();
}

TEST_F(Check, CancellingAtAnyTurnIsSafe) {
  LoopbackServer server(tls::testing::tls_service(tls::testing::make_server_context("farm.test")));
  for (int turns = 1; turns < 9; turns++) {
    io::FakeClock clock;
    io::Worker worker({.clock = &clock});
    io::Scope scope(worker.deferred());
    Watcher watcher{.clock = clock, .config = secured(), .server = server.address(), .started = {}};
    worker.post([&] {
      scope.spawn(run_checks, std::make_shared<const CheckConfig>(watcher.config), watcher.sink(), Milliseconds(0));
    });
    for (int i = 0; i < turns; i++) {
      worker.run_once(0);
      clock.advance(Milliseconds(1));
    }
    scope.cancel_all();
    worker.run_once(0);
    EXPECT_TRUE(scope.empty());
  }
}

TEST(CheckConfig, Compares) {
  CheckConfig a = secured();
  CheckConfig b = secured();
  EXPECT_NE(a.tls_context, b.tls_context);
  EXPECT_EQ(a, b);
  b.sni = "x";
  EXPECT_FALSE(a == b);
}

TEST(CheckConfig, SpreadsTheStart) {
  EXPECT_EQ(start_offset(Milliseconds(500), 5, 20).count(), 250);  // never below a second in all
  EXPECT_EQ(start_offset(Milliseconds(3000), 1, 3).count(), 1000);
  EXPECT_EQ(start_offset(Milliseconds(3000), 0, 0).count(), 0);
}

TEST(CheckConfig, ReportsABadTlsFile) {
  CheckConfig config;
  config.tls = true;
  config.tls_client.ca_file = "/nonexistent.pem";
  const auto done = complete(config);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.starts_with("cannot load CA certificates from '/nonexistent.pem'"));
}

}  // namespace
}  // namespace weir::check
