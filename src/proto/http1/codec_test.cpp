#include "proto/http1/codec.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::proto::http1 {
namespace {

using namespace std::string_literals;
using http::BodyKind;
using http::Violation;
using Kind = HeadResult::Kind;

struct Message {
  std::string bytes;
  std::vector<http::Field> storage = std::vector<http::Field>(110);
  http::Head head{storage};
  HeadResult result;
  http::Framing framing;

  void parse(bool request, bool unsafe, http::Method method = http::Method::get) {
    std::size_t scanned = 0;
    const HeadOptions options{.accept_unsafe = unsafe};
    result = request ? parse_request(bytes, scanned, options, head) : parse_response(bytes, scanned, options, head);
    if (result.kind != Kind::complete) return;
    const http::FramingOptions framing_options{.accept_unsafe = unsafe, .upgrade_asked = true};
    framing =
        request ? http::frame_request(head, framing_options) : http::frame_response(head, method, framing_options);
  }
  [[nodiscard]] Violation violation() const {
    return result.kind == Kind::violation ? result.violation : framing.violation;
  }
  /// What goes on, or what is wrong.
  [[nodiscard]] std::string forwarded() const {
    if (result.kind == Kind::need_more) return "more";
    if (violation() != Violation::none) return violation_text(violation());
    std::array<char, 8192> out;
    return {out.data(), write_head(head, out)};
  }
  /// The same head, byte by byte: the first verdict that is not need_more.
  [[nodiscard]] HeadResult split(bool request, bool unsafe) const {
    std::vector<http::Field> fields(110);
    http::Head other(fields);
    std::string part;
    std::size_t scanned = 0;
    for (const char c : bytes) {
      part += c;  // may move: the codec keeps no pointer between calls
      const HeadOptions options{.accept_unsafe = unsafe};
      const auto now =
          request ? parse_request(part, scanned, options, other) : parse_response(part, scanned, options, other);
      if (now.kind != Kind::need_more) return now;
    }
    return {};
  }
};

struct Row {
  std::string sent;
  std::string forwarded;
};

void expect_row(const Row& row, bool request, bool unsafe, const std::string& prefix, http::Method method) {
  SCOPED_TRACE(testing::PrintToString(row.sent));
  Message message;
  message.bytes = row.sent;
  message.parse(request, unsafe, method);
  const std::string got = message.forwarded();
  EXPECT_EQ(got, message.result.kind == Kind::complete && message.framing.violation == Violation::none
                     ? prefix + row.forwarded
                     : row.forwarded);
  const HeadResult split = message.split(request, unsafe);
  Message fresh;
  fresh.bytes = row.sent;
  std::size_t scanned = 0;
  const HeadOptions options{.accept_unsafe = unsafe};
  const HeadResult whole = request ? parse_request(fresh.bytes, scanned, options, fresh.head)
                                   : parse_response(fresh.bytes, scanned, options, fresh.head);
  EXPECT_EQ(split.kind, whole.kind);
  EXPECT_EQ(split.violation, whole.violation);
  EXPECT_EQ(split.size, whole.size);
}

TEST(Http1Request, StartLines) {
  const Row rows[] = {
      {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
      {"\r\n\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\n\r\n"},
      {"GET   /   HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"},
      {"GET / HTTP/1.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
      {"get / HTTP/1.1\r\n\r\n", "get / HTTP/1.1\r\n\r\n"},
      {"M-SEARCH * HTTP/1.1\r\n\r\n", "M-SEARCH * HTTP/1.1\r\n\r\n"},
      {"OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n"},
      {"GET /a\"<>^`{|}\\%zz HTTP/1.1\r\n\r\n", "GET /a\"<>^`{|}\\%zz HTTP/1.1\r\n\r\n"},
      {"GET http://a/?b HTTP/1.1\r\n\r\n", "GET http://a/?b HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://u:p@a:8 HTTP/1.1\r\n\r\n", "GET http://u:p@a:8 HTTP/1.1\r\nhost: a:8\r\n\r\n"},
      {"GET http://a/ HTTP/1.0\r\n\r\n", "GET http://a/ HTTP/1.0\r\n\r\n"},
      {"GET / HTTP/1.1", "more"},
      {"GET / HTTP/1.1\r", "more"},
      {"GET / HTTP/1.1\r\n", "more"},
      {"GE", "more"},
      {"\r", "more"},
      {"", "more"},
      {" GET / HTTP/1.1\r\n\r\n", "invalid method"},
      {"\rGET / HTTP/1.1\r\n\r\n", "invalid line"},
      {"G(T / HTTP/1.1\r\n\r\n", "invalid method"},
      {"\x16\x03\x01\x02", "invalid method"},
      {"GET\t/ HTTP/1.1\r\n\r\n", "invalid method"},
      {"GET /\t HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\x01 HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\x7f HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\x80 HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /#a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET *a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET http:/a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET http:///a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET 1p://a/ HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\r\n\r\n", "invalid version"},
      {"GET / \r\n\r\n", "invalid version"},
      {"GET / http/1.1\r\n\r\n", "invalid version"},
      {"GET / HTTP/1.1x\r\n\r\n", "invalid version"},
      {"GET / HTTP/11.1\r\n\r\n", "invalid version"},
      {"GET / RTSP/1.0\r\n\r\n", "invalid version"},
      {"GET / HTTP/1.1 \r\n\r\n", "invalid line"},
      {"GET / HTTP/1.1\rX\r\n\r\n", "invalid line"},
      {"GET / HTTP/0.9\r\n\r\n", "unsupported version"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "unsupported version"},
      {"CONNECT a:80 HTTP/1.1\r\n\r\n", "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n"},
      {"CONNECT [::1]:80 HTTP/1.1\r\n\r\n", "CONNECT [::1]:80 HTTP/1.1\r\nhost: [::1]:80\r\n\r\n"},
      {"CONNECT a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"CONNECT a: HTTP/1.1\r\n\r\n", "invalid request target"},
      {"CONNECT [::1] HTTP/1.1\r\n\r\n", "invalid request target"},
      {"CONNECT :80 HTTP/1.1\r\n\r\n", "invalid request target"},
      {"CONNECT /a HTTP/1.1\r\n\r\n", "invalid request target"},
      {"CONNECT http://a:80/ HTTP/1.1\r\n\r\n", "invalid request target"},
  };
  for (const Row& row : rows) expect_row(row, true, false, "", http::Method::get);
}

TEST(Http1Request, Fields) {
  const Row rows[] = {
      {"X-Foo:  Bar \t\r\nY:\r\n", "x-foo: Bar\r\ny: \r\n"},
      {"X: a\tb\x80\xff\r\n", "x: a\tb\x80\xff\r\n"},
      {"A_Long-Name.That_Needs~Two!Steps: v\n", "a_long-name.that_needs~two!steps: v\r\n"},
      {"X: a\r\n b\r\n\tc\r\nY: d\r\n", "x: a   b  \tc\r\ny: d\r\n"},
      {"X: a\n b\n", "x: a  b\r\n"},
      {"X:\r\n a\r\n", "x: a\r\n"},
      {"X: a\r\n \r\n", "x: a\r\n"},
      {"X : a\r\n", "invalid field name"},
      {": a\r\n", "invalid field name"},
      {"X a: b\r\n", "invalid field name"},
      {"X(: a\r\n", "invalid field name"},
      {"X\x80: a\r\n", "invalid field name"},
      {"X\0: a\r\n"s, "invalid field name"},
      {"X\r\n", "invalid line"},
      {"X: a\rb\r\n", "invalid line"},
      {"X: a\r\r\n", "invalid line"},
      {"X: a\0b\r\n"s, "invalid byte in a field value"},
      {"X: a\x01\r\n", "invalid byte in a field value"},
      {"X: a\x7f\r\n", "invalid byte in a field value"},
      {"X: a\r\n b\x01\r\n", "invalid byte in a field value"},
  };
  for (const Row& row : rows) {
    expect_row(
        {"GET / HTTP/1.1\r\n" + row.sent + "\r\n", row.forwarded + (row.forwarded.ends_with("\n") ? "\r\n" : "")}, true,
        false, "GET / HTTP/1.1\r\n", http::Method::get);
  }
  expect_row({"GET / HTTP/1.1\r\n X: a\r\n\r\n", "invalid field name"}, true, false, "", http::Method::get);
  expect_row({"GET / HTTP/1.1\r\nX: a\r\n b", "more"}, true, false, "", http::Method::get);
}

TEST(Http1Request, HostAndTargetAgree) {
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: A\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nhost: \r\n\r\n"},
      {"GET http://a/ HTTP/1.1\r\nHost: A:80\r\n\r\n", "GET http://a/ HTTP/1.1\r\nhost: A:80\r\n\r\n"},
      {"GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET https://a/ HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://u@a:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET http://u@a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://a:80 HTTP/1.1\r\n\r\n", "GET http://a HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", "invalid or contradictory Host"},
      {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "invalid or contradictory Host"},
      {"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "invalid or contradictory Host"},
      {"CONNECT a:8080 HTTP/1.1\r\nHost: a\r\n\r\n", "invalid or contradictory Host"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", "invalid or contradictory Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "invalid or contradictory Host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "invalid or contradictory Host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "invalid or contradictory Host"},
      {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", "invalid or contradictory Host"},
  };
  for (const Row& row : rows) expect_row(row, true, false, "", http::Method::get);
}

TEST(Http1Request, WhatUnsafeViolationsLetPass) {
  const Row rows[] = {
      {"GET /\x80 HTTP/1.1\r\n\r\n", "GET /\x80 HTTP/1.1\r\n\r\n"},
      {"GET /#a HTTP/1.1\r\n\r\n", "GET /#a HTTP/1.1\r\n\r\n"},
      {"GET /\x7f HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\x01 HTTP/1.1\r\n\r\n", "invalid request target"},
      {"GET /\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"},
      {"POST /\r\n\r\n", "invalid version"},
      {"GET / RTSP/1.0\r\n\r\n", "GET / RTSP/1.0\r\n\r\n"},
      {"GET / HTTP/11.22\r\n\r\n", "GET / HTTP/11.22\r\n\r\n"},
      {"GET / HTTP/1.\r\n\r\n", "invalid version"},
      {"GET / rtsp/1.1\r\n\r\n", "invalid version"},
      {"GET / HTTP/1.1\r\nX : a\r\nY: b\r\n\r\n", "GET / HTTP/1.1\r\ny: b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nX\0\x80: a\r\n folded\r\nY: b\r\n\r\n"s, "GET / HTTP/1.1\r\ny: b\r\n\r\n"},
      {"GET / HTTP/1.1\r\n X: a\r\nY: b\r\n\r\n", "GET / HTTP/1.1\r\ny: b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nX: a\0b\x01\r\n\r\n"s, "GET / HTTP/1.1\r\nx: a\0b\x01\r\n\r\n"s},
      {"GET / HTTP/1.1\r\n: a\r\n\r\n", "invalid field name"},
      {"GET / HTTP/1.1\r\nX y\r\n\r\n", "invalid line"},
      {"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "invalid line"},
      {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n"},
      {"CONNECT /a HTTP/1.1\r\nHost: b\r\n\r\n", "CONNECT /a HTTP/1.1\r\nhost: b\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "invalid or contradictory Host"},
  };
  for (const Row& row : rows) expect_row(row, true, true, "", http::Method::get);
}

TEST(Http1Response, StatusLines) {
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n"},
      {"HTTP/1.1  200  OK \x80\n\n", "HTTP/1.1 200  OK \x80\r\n\r\n"},
      {"\r\nHTTP/1.0 999 \r\n\r\n", "HTTP/1.0 999 \r\n\r\n"},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", "invalid byte in a field value"},
      {"HTTP/1.1 20 OK\r\n\r\n", "invalid status"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "invalid status"},
      {"HTTP/1.1 099 OK\r\n\r\n", "invalid status"},
      {"HTTP/1.1 200OK\r\n\r\n", "invalid status"},
      {"HTTP/1.1 -20 OK\r\n\r\n", "invalid status"},
      {"HTTP/1.1\r\n\r\n", "invalid version"},
      {"ICY 200 OK\r\n\r\n", "invalid version"},
      {"HTTP/2.0 200 OK\r\n\r\n", "unsupported version"},
      {"HTTP/1.1 20", "more"},
  };
  for (const Row& row : rows) expect_row(row, false, false, "", http::Method::get);
  const Row lenient[] = {
      {"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n"},
      {"HTTP/1.1 65535 OK\r\n\r\n", "HTTP/1.1 65535 OK\r\n\r\n"},
      {"HTTP/1.1 65536 OK\r\n\r\n", "invalid status"},
      {"RTSP/1.0 200 OK\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n"},
  };
  for (const Row& row : lenient) expect_row(row, false, true, "", http::Method::get);
}

TEST(Http1, TooManyFieldsCountsTheStartLine) {
  for (const auto& [count, kind] : {std::pair(100, Kind::complete), std::pair(101, Kind::violation)}) {
    Message message;
    message.bytes = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < count; ++i) message.bytes += "X: y\r\n";
    message.bytes += "\r\n";
    message.parse(true, false);
    EXPECT_EQ(message.result.kind, kind) << count;
  }
}

TEST(Http1, PipelinedRequestsEndWhereTheNextBegins) {
  const std::string first = "\r\nGET /a HTTP/1.1\r\nX: y\r\n\r\n";
  Message message;
  message.bytes = first + "GET /b HTTP/1.1\r\n\r\n";
  message.parse(true, false);
  EXPECT_EQ(message.result.size, first.size());
}

TEST(Http1, HeadsThatDoNotFitAreNotWritten) {
  Message message;
  message.bytes = "GET /a HTTP/1.1\r\nX: y\r\n\r\n";
  message.parse(true, false);
  std::array<char, 64> out;
  const std::size_t size = write_head(message.head, out);
  EXPECT_EQ(size, message.bytes.size());
  for (std::size_t room = 0; room < size; ++room) EXPECT_EQ(write_head(message.head, std::span(out).first(room)), 0U);
}

TEST(Http1, NameCases) {
  NameCases cases;
  EXPECT_TRUE(cases.add("content-length", "Content-Length"));
  EXPECT_TRUE(cases.add("x", "X"));
  EXPECT_FALSE(cases.add("x", "X"));
  EXPECT_FALSE(cases.add("x-a", "X_A"));
  Message message;
  message.bytes = "GET / HTTP/1.1\r\nX: y\r\nContent-LENGTH: 0\r\nX-Y: z\r\n\r\n";
  message.parse(true, false);
  std::array<char, 128> out;
  EXPECT_EQ(std::string_view(out.data(), write_head(message.head, out, &cases)),
            "GET / HTTP/1.1\r\nX: y\r\nContent-Length: 0\r\nx-y: z\r\n\r\n");
}

}  // namespace
}  // namespace weir::proto::http1
