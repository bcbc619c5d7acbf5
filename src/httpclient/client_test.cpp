// The client against loopback servers, friendly and not. Where time matters the worker believes a fake clock that
// moves with every turn.
#include "httpclient/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <mutex>

#include "io/testing.h"
#include "tls/testing.h"

namespace weir::httpclient {
namespace {

using tls::testing::LoopbackServer;
using Kind = Failure::Kind;

std::string read_head(int fd) {
  std::string head;
  char c = 0;
  while (!head.ends_with("\r\n\r\n") && ::recv(fd, &c, 1, 0) == 1) head += c;
  return head;
}

/// Answers each request by what `say` makes of its head, and closes.
std::function<bool(int)> answering(std::function<std::string(const std::string&)> say) {
  return [say = std::move(say)](int fd) {
    const std::string head = read_head(fd);
    tls::testing::send_all(fd, say(head));
    ::shutdown(fd, SHUT_WR);
    return false;
  };
}
std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
std::string to(std::string_view where, std::string_view status = "302") {
  return "HTTP/1.1 " + std::string(status) + " Elsewhere\r\nContent-Length: 0\r\nLocation: " + std::string(where) +
         "\r\n\r\n";
}

Request request_to(const LoopbackServer& server, std::string_view path, std::string_view scheme = "http") {
  Request request;
  request.url = *proto::http::parse_url(std::string(scheme) + "://" + server.address().to_string() + std::string(path));
  return request;
}

HttpResult<Response> run(const Request& request, Milliseconds per_turn = Milliseconds(0)) {
  io::FakeClock clock;
  io::Worker worker({.clock = &clock});
  io::Aside names("names", io::Aside::AtEnd::wait);
  io::Scope scope(worker.deferred());
  std::optional<HttpResult<Response>> result;
  const auto store = [](io::Worker* on, io::Aside* with, const Request* what,
                        std::optional<HttpResult<Response>>* into) -> io::Task<void> {
    HttpResult<Response> got = co_await fetch(*on, *with, *what);
    into->emplace(std::move(got));
  };
  scope.spawn(+store, &worker, &names, &request, &result);
  for (int turn = 0; turn < 5000 && !result; ++turn) {
    worker.run_once(per_turn.count() > 0 ? 1 : 10);
    clock.advance(per_turn.count() > 0 ? per_turn : Milliseconds(1));
  }
  scope.destroy_all();
  if (!result) return failed(Kind::request, "it did not end");
  return std::move(*result);
}

TEST(HttpClient, asks_as_a_server_expects_it) {
  std::string seen;
  const LoopbackServer server(answering([&](const std::string& head) {
    seen = head;
    return ok("hello");
  }));
  Request request = request_to(server, "/x?y#z");
  request.headers = {{"X-One", "1"}};
  const auto got = run(request);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "hello");
  EXPECT_EQ(
      seen,
      "GET /x?y HTTP/1.1\r\nHost: " + server.address().to_string() +
          "\r\nX-One: 1\r\nUser-Agent: weir\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
}

TEST(HttpClient, sends_a_body_elsewhere_than_the_url_says) {
  std::string seen;
  const LoopbackServer server([&](int fd) {
    seen = read_head(fd);
    char body[4];
    if (::recv(fd, body, 4, MSG_WAITALL) == 4) seen.append(body, 4);
    tls::testing::send_all(fd, ok("done"));
    return false;
  });
  Request request;
  request.url = *proto::http::parse_url("http://nowhere.invalid/post");
  request.destination = server.address();
  request.method = "POST";
  request.body = "body";
  request.headers = {{"host", "a.example"}, {"user-agent", "u"}, {"accept", "x/y"}};
  request.decode = false;
  const auto got = run(request);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(seen,
            "POST /post HTTP/1.1\r\nhost: a.example\r\nuser-agent: u\r\naccept: x/y\r\nContent-Length: "
            "4\r\nConnection: close\r\n\r\nbody");
}

TEST(HttpClient, sends_no_head_that_is_two) {
  Request request;
  request.url = *proto::http::parse_url("http://127.0.0.1:1/");
  for (const Header& bad : {Header{"x", "y\r\nz: 1"}, Header{"x:", "y"}, Header{"", "y"}, Header{"Content-Length", "5"},
                            Header{"x", std::string("\0", 1)}}) {
    request.headers = {bad};
    EXPECT_EQ(run(request).error().kind, Kind::request) << bad.name;
  }
  request.headers.clear();
  request.method = "GET /x HTTP/1.1\r\n";
  EXPECT_EQ(run(request).error().kind, Kind::request);
  request.method = "GET";
  request.url.tls = true;
  EXPECT_EQ(run(request).error().message, "https without anything to trust");
}

TEST(HttpClient, follows_redirects_and_keeps_secrets_at_home) {
  std::string seen;
  const LoopbackServer other(answering([&](const std::string& head) {
    seen = head;
    return ok("there");
  }));
  const LoopbackServer server(answering([&](const std::string& head) {
    if (head.starts_with("GET /a ")) return to("b/c?d");
    if (head.starts_with("GET /b/c?d ")) return to("/other", "307");
    return to("http://" + other.address().to_string() + "/last");
  }));
  Request request = request_to(server, "/a");
  request.headers = {{"Authorization", "secret"}, {"X-Kept", "1"}};
  request.redirects = 3;
  const auto got = run(request);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "there");
  EXPECT_EQ(got->url.target, "/last");
  EXPECT_TRUE(seen.find("secret") == seen.npos && seen.find("X-Kept: 1") != seen.npos) << seen;
  request.redirects = 2;
  EXPECT_EQ(run(request).error().message, "redirected more than 2 times");
  request.redirects = 0;
  EXPECT_EQ(run(request)->status, 302);
}

TEST(HttpClient, an_endless_redirect_ends) {
  const LoopbackServer server(answering([](const std::string&) { return to("/again"); }));
  Request request = request_to(server, "/");
  request.redirects = 5;
  EXPECT_EQ(run(request).error().kind, Kind::redirect);
  EXPECT_EQ(server.accepted(), 6);
}

TEST(HttpClient, a_redirect_leads_to_http_and_https_only) {
  for (const std::string_view where : {"ftp://a/", "file:///etc/passwd", "http://a b/", "http://u:p@a/"}) {
    const LoopbackServer server(answering([&](const std::string&) { return to(where); }));
    Request request = request_to(server, "/");
    request.redirects = 5;
    EXPECT_EQ(run(request).error().kind, Kind::redirect) << where;
  }
}

TEST(HttpClient, what_never_ends_ends_in_time) {
  const LoopbackServer silent([](int) { return false; });
  EXPECT_EQ(run(request_to(silent, "/"), Milliseconds(100)).error().message, "reading the answer: not in time");
  const LoopbackServer half([](int fd) {
    tls::testing::send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!");
    return false;
  });
  EXPECT_EQ(run(request_to(half, "/"), Milliseconds(100)).error().kind, Kind::timeout);
  // Slow and steady: it goes on as long as it likes, and not longer than the timeout.
  std::atomic<bool> over{false};
  {
    const LoopbackServer slow([&](int fd) {
      tls::testing::send_all(fd, "HTTP/1.1 200 OK\r\n\r\n");
      while (!over && ::send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
      }
      return false;
    });
    const auto got = run(request_to(slow, "/"), Milliseconds(50));
    over = true;
    EXPECT_EQ(got.error().kind, Kind::timeout);
  }
}

TEST(HttpClient, an_endless_answer_is_too_large) {
  for (const std::string_view begin : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nx: "}) {
    const LoopbackServer server([&](int fd) {
      const std::string block(65536, 'x');
      tls::testing::send_all(fd, begin);
      while (::send(fd, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
      }
      ::close(fd);
      return true;
    });
    Request request = request_to(server, "/");
    request.limits.body = 1'000'000;
    EXPECT_EQ(run(request).error().kind, Kind::too_large) << begin;
  }
}

TEST(HttpClient, tells_who_is_not_there) {
  SocketAddress gone;
  {
    const LoopbackServer server([](int) { return false; });
    gone = server.address();
  }
  Request request;
  request.url = *proto::http::parse_url("http://" + gone.to_string() + "/");
  EXPECT_EQ(run(request).error().message, "connection to " + gone.to_string() + ": connection refused");
  request.url = *proto::http::parse_url("http://no-such-host.invalid/");
  EXPECT_EQ(run(request).error().kind, Kind::name);
  const LoopbackServer server(answering([](const std::string&) { return std::string(); }));
  EXPECT_EQ(run(request_to(server, "/")).error().message, "the server closed the connection without an answer");
}

TEST(HttpClient, looks_names_up) {
  const LoopbackServer server(answering([](const std::string&) { return ok("by name"); }));
  Request request = request_to(server, "/");
  request.url = *proto::http::parse_url("http://localhost:" + std::to_string(server.address().port()) + "/");
  const auto got = run(request);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "by name");
}

// --- over TLS

std::function<bool(int)> tls_answering(const std::shared_ptr<SSL_CTX>& context, std::string answer,
                                       bool polite = true) {
  return tls::testing::tls_service(context, [answer = std::move(answer), polite](SSL* ssl) {
    char block[4096];
    (void)SSL_read(ssl, block, sizeof block);
    SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    if (polite) SSL_shutdown(ssl);
    ::shutdown(SSL_get_fd(ssl), SHUT_WR);
  });
}

Request request_by_name(const LoopbackServer& server, std::string_view name) {
  Request request;
  request.url =
      *proto::http::parse_url("https://" + std::string(name) + ":" + std::to_string(server.address().port()) + "/");
  request.destination = server.address();
  return request;
}

class HttpClientTls : public ::testing::Test {
 protected:
  void SetUp() override {
    context_ = tls::testing::make_server_context("a.example", &pem_);
    file_ = ::testing::TempDir() + "httpclient_" + std::to_string(::getpid()) + ".pem";
    std::ofstream(file_) << pem_;
  }
  void TearDown() override { ::unlink(file_.c_str()); }
  std::shared_ptr<SSL_CTX> context_;
  std::string pem_;
  std::string file_;
};

TEST_F(HttpClientTls, a_certificate_is_trusted_for_its_name_alone) {
  const LoopbackServer server(tls_answering(context_, ok("secret")));
  Request request = request_by_name(server, "a.example");
  request.tls = *make_tls(true, file_);
  const auto got = run(request);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "secret");
  request.url.host = "b.example";
  EXPECT_EQ(run(request).error().message, "TLS handshake: certificate verify failed: hostname mismatch");
  request.url.host = "127.0.0.1";
  request.url.literal = true;
  EXPECT_EQ(run(request).error().kind, Kind::tls) << "an address must be named too";
  request.tls = *make_tls(false, {});
  EXPECT_EQ(run(request)->body, "secret");
}

TEST_F(HttpClientTls, nobody_else_is_trusted) {
  const LoopbackServer server(tls_answering(context_, ok("secret")));
  Request request = request_by_name(server, "a.example");
  request.tls = *make_tls(true, {});
  EXPECT_EQ(run(request).error().message, "TLS handshake: certificate verify failed: self-signed certificate");
  EXPECT_FALSE(run(request).error().passing());
}

TEST_F(HttpClientTls, an_answer_that_was_cut_off_is_none) {
  const LoopbackServer cut(tls_answering(context_, "HTTP/1.1 200 OK\r\n\r\nhalf", false));
  Request request = request_by_name(cut, "a.example");
  request.tls = *make_tls(true, file_);
  EXPECT_EQ(run(request).error().kind, Kind::truncated);
  const LoopbackServer whole(tls_answering(context_, "HTTP/1.1 200 OK\r\n\r\nwhole"));
  Request other = request_by_name(whole, "a.example");
  other.tls = request.tls;
  EXPECT_EQ(run(other)->body, "whole");
}

TEST_F(HttpClientTls, no_redirect_leads_out_of_it) {
  const LoopbackServer server(tls_answering(context_, to("http://127.0.0.1/")));
  Request request = request_by_name(server, "a.example");
  request.tls = *make_tls(true, file_);
  request.redirects = 1;
  EXPECT_EQ(run(request).error().message, "redirected from https to http");
}

}  // namespace
}  // namespace weir::httpclient
