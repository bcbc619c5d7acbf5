#include "tls/client.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>

#include "io/testing.h"
#include "tls/stream.h"
#include "tls/testing.h"

namespace weir::tls {
namespace {

using testing::LoopbackServer;
using testing::make_server_context;
using testing::tls_service;

struct Echo {
  std::string error;
  std::string version;
  std::string alpn;
  std::string received;
  bool ended = false;
};

// Connects, shakes hands, sends `say` and reads to the end.
io::Task<Echo> converse(io::Worker& worker, const SocketAddress& address, const ClientContext& context,
                        const ClientOffer& offer, std::string_view say) {
  Echo echo;
  const TimePoint deadline = worker.now() + std::chrono::seconds(20);
  io::Stream stream(worker, io::Side::server);
  const auto connected = co_await stream.connect(address, {}, deadline);
  if (!connected) co_return Echo{.error = io::to_string(connected.error())};
  TlsStream tls(stream);
  const auto secured = co_await tls.handshake(context, offer, deadline);
  if (!secured) co_return Echo{.error = to_string(secured.error())};
  echo.version = tls.version();
  echo.alpn = tls.alpn();
  const auto sent = co_await tls.write_all(say, deadline);
  if (!sent) co_return Echo{.error = to_string(sent.error())};
  std::array<char, 1000> block;
  while (!echo.ended && echo.received.size() < say.size()) {
    const auto got = co_await tls.read_some(block, deadline);
    if (!got) co_return Echo{.error = to_string(got.error())};
    echo.ended = *got == 0;
    echo.received.append(block.data(), *got);
  }
  const auto told = co_await tls.shutdown(deadline);
  if (!told) echo.error = to_string(told.error());
  co_return echo;
}

void echo_back(SSL* ssl) {
  char block[4096];
  for (int got = SSL_read(ssl, block, sizeof block); got > 0; got = SSL_read(ssl, block, sizeof block))
    if (SSL_write(ssl, block, got) <= 0) return;
}

Echo talk(const SocketAddress& address, const ClientConfig& config, const ClientOffer& offer = {},
          std::string_view say = "hello") {
  io::Worker worker;
  const auto context = ClientContext::create(config);
  if (!context) return Echo{.error = context.error().message};
  return io::testing::run(worker, converse(worker, address, **context, offer, say));
}

class TlsClient : public ::testing::Test {
 protected:
  // The test's own server writes through a socket.
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
};

std::string write_pem(const std::string& pem) {
  const std::string path = ::testing::TempDir() + "weir_tls_" + std::to_string(::getpid()) + ".pem";
  std::ofstream(path) << pem;
  return path;
}

TEST_F(TlsClient, TalksUnverified) {
  LoopbackServer server(tls_service(make_server_context("farm.test"), echo_back));
  const Echo echo = talk(server.address(), {});
  EXPECT_EQ(echo.error, "");
  EXPECT_EQ(echo.received, "hello");
  EXPECT_EQ(echo.version, "TLSv1.3");
}

TEST_F(TlsClient, MovesMoreThanAnyBuffer) {
  LoopbackServer server(tls_service(make_server_context("farm.test"), echo_back));
  const std::string much(300'000, 'x');
  EXPECT_EQ(talk(server.address(), {}, {}, much).received.size(), much.size());
}

TEST_F(TlsClient, VerifiesTheNameAgainstTheCertificate) {
  std::string pem;
  LoopbackServer server(tls_service(make_server_context("farm.test", &pem), echo_back));
  ClientConfig config;
  config.verify = Verify::required;
  config.ca_file = write_pem(pem);
  EXPECT_EQ(talk(server.address(), config, {.sni = "farm.test"}).error, "");
  EXPECT_EQ(talk(server.address(), config, {.sni = "other.test"}).error,
            "certificate verify failed: hostname mismatch");
  config.verifyhost = "farm.test";
  EXPECT_EQ(talk(server.address(), config, {.sni = "other.test"}).error, "");
  std::remove(config.ca_file.c_str());
}

TEST_F(TlsClient, RefusesAnUnknownAuthority) {
  LoopbackServer server(tls_service(make_server_context("farm.test"), echo_back));
  ClientConfig config;
  config.verify = Verify::required;
  EXPECT_EQ(talk(server.address(), config).error, "certificate verify failed: self-signed certificate");
}

TEST_F(TlsClient, LimitsVersions) {
  LoopbackServer server(tls_service(make_server_context("farm.test"), echo_back));
  ClientConfig config;
  config.max_version = Version::tls12;
  EXPECT_EQ(talk(server.address(), config).version, "TLSv1.2");
  config.min_version = Version::tls13;
  EXPECT_EQ(talk(server.address(), config).error, "the lowest TLS version is above the highest");
}

TEST_F(TlsClient, OffersAlpn) {
  const auto context = make_server_context("farm.test");
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned size, void*) {
        static constexpr unsigned char kMine[] = "\x08http/1.1";
        return SSL_select_next_proto(const_cast<unsigned char**>(out), length, kMine, 9, in, size) ==
                       OPENSSL_NPN_NEGOTIATED
                   ? SSL_TLSEXT_ERR_OK
                   : SSL_TLSEXT_ERR_NOACK;
      },
      nullptr);
  LoopbackServer server(tls_service(context, echo_back));
  EXPECT_EQ(talk(server.address(), {}, {.alpn = parse_alpn("h2,http/1.1").value()}).alpn, "http/1.1");
}

TEST_F(TlsClient, MeetsGarbageAndClosing) {
  LoopbackServer garbage([](int fd) {
    testing::send_all(fd, "this is no TLS server\r\n");
    return false;
  });
  EXPECT_EQ(talk(garbage.address(), {}).error, "wrong version number");
  LoopbackServer closing([](int fd) {
    char hello[16384];
    (void)::recv(fd, hello, sizeof hello, 0);
    ::close(fd);
    return true;
  });
  EXPECT_EQ(talk(closing.address(), {}).error, "connection closed");
}

TEST(TlsConfig, ReportsFilesAndWords) {
  ClientConfig config;
  config.ca_file = "/nonexistent/ca.pem";
  EXPECT_TRUE(ClientContext::create(config).error().message.starts_with(
      "cannot load CA certificates from '/nonexistent/ca.pem': "));
  config = {};
  config.ciphers = "NO-SUCH-CIPHER";
  EXPECT_EQ(ClientContext::create(config).error().message,
            "ciphers 'NO-SUCH-CIPHER' leave none to use: no cipher match");
  EXPECT_EQ(parse_version("TLSv1.2").value(), Version::tls12);
  EXPECT_FALSE(parse_version("SSLv3"));
  EXPECT_EQ(parse_alpn("h2,http/1.1").value(), std::string("\x02h2\x08http/1.1"));
  EXPECT_FALSE(parse_alpn("h2,"));
}

}  // namespace
}  // namespace weir::tls
