#include "check/fcgi_probe.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "base/address.h"
#include "check/probe.h"
#include "proto/fcgi/record.h"
#include "sample/regex.h"

namespace weir::check {
namespace {

namespace fcgi = proto::fcgi;

ProbeWords words(std::string uri = "/ping.php/x?y=z") {
  ProbeWords made;
  made.http.method = "GET";
  made.http.uri = std::move(uri);
  made.http.fields = {{"host", "site"}, {"x-a", "b"}, {"content-type", "a/b"}};
  made.http.body = "hello";
  const char* expression = "^(/.+\\.php)(/.*)?$";
  made.http.fcgi = {.docroot = "/srv",
                    .index = "index.php",
                    .path_info_text = expression,
                    .path_info = std::make_shared<const sample::Regex>(*sample::Regex::compile(expression, false))};
  return made;
}

std::string record(fcgi::Type type, std::string_view content) {
  std::string made(fcgi::kHeader, '\0');
  fcgi::write_header(made.data(), type, 1, content.size());
  return made + std::string(content);
}

TEST(FcgiProbe, AsksAsARequestDoes) {
  const SocketAddress server = SocketAddress::ipv4(0x7f000001, 9000);
  const std::string bytes = fcgi_request(words().http, &server);
  const auto size =
      static_cast<std::size_t>(static_cast<unsigned char>(bytes[20])) * 256 + static_cast<unsigned char>(bytes[21]);
  std::map<std::string, std::string> told;
  fcgi::PairReader pairs(std::string_view(bytes).substr(24, size));
  while (const auto pair = pairs.next()) told.emplace(pair->name, pair->value);
  EXPECT_FALSE(pairs.broken());
  const std::map<std::string, std::string> wanted = {{"CONTENT_LENGTH", "5"},
                                                     {"CONTENT_TYPE", "a/b"},
                                                     {"DOCUMENT_ROOT", "/srv"},
                                                     {"GATEWAY_INTERFACE", "CGI/1.1"},
                                                     {"HTTP_HOST", "site"},
                                                     {"HTTP_X_A", "b"},
                                                     {"PATH_INFO", "/x"},
                                                     {"PATH_TRANSLATED", "/srv/x"},
                                                     {"QUERY_STRING", "y=z"},
                                                     {"REQUEST_METHOD", "GET"},
                                                     {"REQUEST_URI", "/ping.php/x?y=z"},
                                                     {"SCRIPT_FILENAME", "/srv/ping.php"},
                                                     {"SCRIPT_NAME", "/ping.php"},
                                                     {"SERVER_NAME", "site"},
                                                     {"SERVER_PORT", "9000"},
                                                     {"SERVER_PROTOCOL", "HTTP/1.0"},
                                                     {"SERVER_SOFTWARE", "weir"}};
  EXPECT_EQ(told, wanted);
  EXPECT_TRUE(bytes.ends_with(record(fcgi::Type::in, "hello") + record(fcgi::Type::in, "")));
  EXPECT_EQ(fcgi_request(words("*").http, &server), "");
  EXPECT_EQ(fcgi_request(words("/%zz").http, &server), "");
}

TEST(FcgiProbe, JudgesTheAnswer) {
  using Move = ProbeMove::Kind;
  const std::string end = record(fcgi::Type::end_request, std::string(8, '\0'));
  const ProbeWords asks = words();
  const auto judged = [&](const std::string& received, bool ended) {
    return next_move(Kind::http, {.words = asks, .phase = 1, .received = received, .ended = ended});
  };
  EXPECT_EQ(judged(record(fcgi::Type::out, "X: y\r\n\r\nhi") + end, false).status, Status::l7ok);
  EXPECT_EQ(judged(record(fcgi::Type::out, "Status: 404 Nope\r\n\r\n") + end, false).status, Status::l7sts);
  EXPECT_EQ(judged(record(fcgi::Type::out, "X: y\r\n"), false).kind, Move::wait);
  EXPECT_EQ(judged(record(fcgi::Type::out, "X: y\r\n") + end, false).status, Status::l7rsp);
  EXPECT_EQ(judged(record(fcgi::Type::out, "no head\r\n\r\n") + end, false).status, Status::l7rsp);
  EXPECT_EQ(judged(end, false).status, Status::l7rsp);
  EXPECT_EQ(judged("HTTP/1.1 200 OK\r\n\r\n", false).status, Status::l7rsp);
  EXPECT_EQ(judged("", true).status, Status::l7rsp);
}

}  // namespace
}  // namespace weir::check
