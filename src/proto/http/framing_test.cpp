#include "proto/http/framing.h"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <string>

#include "proto/http1/codec.h"

namespace weir::proto::http {
namespace {

struct Framed {
  Framing framing;
  std::string fields;  // those that go on
};

/// Lines end in LF here, which heads may.
Framed framed(std::string bytes, bool request, Method method, const FramingOptions& options) {
  std::array<Field, 20> storage;
  Head head(storage);
  std::size_t scanned = 0;
  const auto result =
      request ? http1::parse_request(bytes, scanned, {}, head) : http1::parse_response(bytes, scanned, {}, head);
  EXPECT_EQ(result.kind, http1::HeadResult::Kind::complete) << bytes;
  Framed out;
  out.framing = request ? frame_request(head, options) : frame_response(head, method, options);
  for (const Field& field : head.fields()) {
    if (!field.removed) out.fields.append(field.name).append(":").append(field.value).append(" ");
  }
  return out;
}

std::string text_of(const Framed& one) {
  const Framing& framing = one.framing;
  if (framing.violation != Violation::none)
    return std::to_string(status_of(framing.violation)) + " " + violation_text(framing.violation);
  constexpr const char* kKinds[] = {"none", "length", "chunked", "close", "tunnel"};
  std::string text = kKinds[static_cast<std::size_t>(framing.kind)];
  if (framing.kind == BodyKind::length) text += " " + std::to_string(framing.length);
  if (framing.keep_alive) text += " keep";
  if (framing.connection_close) text += " closes";
  if (framing.upgrade) text += " upgrade";
  if (framing.expect_continue) text += " expect";
  if (framing.close_after) text += " close_after";
  return text + " / " + one.fields;
}

TEST(Framing, Requests) {
  const struct {
    std::string_view line;
    std::string_view fields;
    std::string_view text;
  } rows[] = {
      {"GET / HTTP/1.1", "", "none keep / "},
      {"GET / HTTP/1.0", "", "none / "},
      {"POST / HTTP/1.1", "", "none keep / "},
      {"GET / HTTP/1.1", "Connection: close\n", "none closes / "},
      {"GET / HTTP/1.0", "Connection: Keep-Alive\n", "none keep / "},
      {"GET / HTTP/1.0", "Connection: keep-alive, close\n", "none closes / "},
      {"GET / HTTP/1.1", "Connection: x, close, y\n", "none closes / Connection:x Connection:y "},
      {"GET / HTTP/1.1", "Connection: x, y\nX: close\n", "none keep / Connection:x, y X:close "},
      {"GET / HTTP/1.1", "Connection:\n", "none keep / "},
      {"GET / HTTP/1.1", "TE: gzip, trailers;q=1, trailers\nTE: deflate\n", "none keep / TE:trailers "},
      {"POST / HTTP/1.1", "Content-Length: 0\n", "none keep / Content-Length:0 "},
      {"POST / HTTP/1.1", "Content-Length: 3\n", "length 3 keep / Content-Length:3 "},
      {"POST / HTTP/1.1", "Content-Length: 3, 3\n", "length 3 keep / Content-Length:3 "},
      {"POST / HTTP/1.1", "Content-Length: 3\nX: y\nContent-Length: 03\n", "length 3 keep / Content-Length:3 X:y "},
      {"POST / HTTP/1.1", "Content-Length: 9223372036854775807\n",
       "length 9223372036854775807 keep / Content-Length:9223372036854775807 "},
      {"POST / HTTP/1.1", "Content-Length: 9223372036854775808\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: 3\nContent-Length: 4\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: 3, 4\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: 3,\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: ,3\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: +3\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length: 3 3\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Content-Length:\n", "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\n", "chunked keep / Transfer-Encoding:chunked "},
      {"POST / HTTP/1.1", "Transfer-Encoding: ,Chunked,\n", "chunked keep / Transfer-Encoding:chunked "},
      {"POST / HTTP/1.1", "Content-Length: 3\nTransfer-Encoding: chunked\nContent-Length: 3\n",
       "chunked keep close_after / Transfer-Encoding:chunked "},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\nContent-Length: x\n",
       "400 invalid or contradictory Content-Length"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked, chunked\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked, gzip\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: xchunked\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked;a=b\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: identity\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding:\n", "400 invalid Transfer-Encoding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\n", "501 unsupported transfer coding"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip\nTransfer-Encoding: chunked\n", "501 unsupported transfer coding"},
      {"POST / HTTP/1.0", "Transfer-Encoding: chunked\n", "400 invalid Transfer-Encoding"},
      {"GET / HTTP/1.0", "Content-Length: 3\n", "413 a payload with a method of HTTP/1.0 that has none"},
      {"GET / HTTP/1.0", "Content-Length: 0\n", "none / Content-Length:0 "},
      {"PUT / HTTP/1.0", "Content-Length: 3\n", "length 3 / Content-Length:3 "},
      {"GET / HTTP/1.1", "Content-Length: 3\n", "length 3 keep / Content-Length:3 "},
      {"CONNECT a:80 HTTP/1.1", "Content-Length: 3\n", "none keep / host:a:80 "},
      {"POST / HTTP/1.1", "Expect: 100-Continue\nContent-Length: 3\n",
       "length 3 keep expect / Expect:100-Continue Content-Length:3 "},
      {"POST / HTTP/1.0", "Expect: 100-continue\nContent-Length: 3\n",
       "length 3 / Expect:100-continue Content-Length:3 "},
      {"GET / HTTP/1.1", "Expect: 100-continue\n", "none keep / Expect:100-continue "},
      {"GET / HTTP/1.1", "Connection: Upgrade\nUpgrade: x\n", "none keep upgrade / Connection:Upgrade Upgrade:x "},
      {"GET / HTTP/1.1", "Upgrade: x\n", "none keep / Upgrade:x "},
      {"GET / HTTP/1.0", "Connection: upgrade\nUpgrade: x\n", "none / Connection:upgrade Upgrade:x "},
      {"GET / HTTP/1.1", "Connection: upgrade\nUpgrade: x\nContent-Length: 3\n",
       "length 3 keep / Connection:upgrade Content-Length:3 "},
      {"GET / HTTP/1.1", "Connection: upgrade\nUpgrade: WebSocket\n", "400 invalid Upgrade"},
      {"GET / HTTP/1.1", "Connection: upgrade\nUpgrade: websocket\nSec-WebSocket-Key: k\n",
       "none keep upgrade / Connection:upgrade Upgrade:websocket Sec-WebSocket-Key:k "},
  };
  for (const auto& row : rows) {
    const std::string bytes = std::string(row.line) + "\n" + std::string(row.fields) + "\n";
    EXPECT_EQ(text_of(framed(bytes, true, Method::get, {})), row.text) << bytes;
  }
  EXPECT_EQ(
      text_of(framed("GET / HTTP/1.0\nContent-Length: 3\n\n", true, Method::get, {.payload_with_any_method = true})),
      "length 3 / Content-Length:3 ");
  EXPECT_EQ(text_of(framed("GET / HTTP/1.1\nConnection: upgrade\nUpgrade: websocket\n\n", true, Method::get,
                           {.accept_unsafe = true})),
            "none keep upgrade / Connection:upgrade Upgrade:websocket ");
}

TEST(Framing, Responses) {
  const struct {
    Method method;
    std::string_view line;
    std::string_view fields;
    std::string_view text;
  } rows[] = {
      {Method::get, "HTTP/1.1 200 OK", "Content-Length: 3\n", "length 3 keep / Content-Length:3 "},
      {Method::get, "HTTP/1.1 200 OK", "Content-Length: 0\n", "none keep / Content-Length:0 "},
      {Method::get, "HTTP/1.1 200 OK", "", "close / "},
      {Method::get, "HTTP/1.0 200 OK", "Connection: keep-alive\n", "close / "},
      {Method::get, "HTTP/1.0 200 OK", "Connection: keep-alive\nContent-Length: 3\n",
       "length 3 keep / Content-Length:3 "},
      {Method::get, "HTTP/1.1 200 OK", "Transfer-Encoding: chunked\n", "chunked keep / Transfer-Encoding:chunked "},
      {Method::get, "HTTP/1.0 200 OK", "Transfer-Encoding: chunked\n", "400 invalid Transfer-Encoding"},
      {Method::get, "HTTP/1.1 200 OK", "Content-Length: 3\nTransfer-Encoding: chunked\n",
       "chunked keep close_after / Transfer-Encoding:chunked "},
      {Method::get, "HTTP/1.1 200 OK", "Transfer-Encoding: gzip\n", "400 invalid Transfer-Encoding"},
      {Method::get, "HTTP/1.1 200 OK", "Transfer-Encoding:\n", "400 invalid Transfer-Encoding"},
      {Method::get, "HTTP/1.1 200 OK", "Content-Length: 3, 4\n", "400 invalid or contradictory Content-Length"},
      {Method::head, "HTTP/1.1 200 OK", "Content-Length: 3\n", "none keep / Content-Length:3 "},
      {Method::head, "HTTP/1.1 200 OK", "", "none keep / "},
      {Method::head, "HTTP/1.1 200 OK", "Transfer-Encoding: chunked\n", "none keep / Transfer-Encoding:chunked "},
      {Method::get, "HTTP/1.1 304 OK", "Content-Length: 3\n", "none keep / Content-Length:3 "},
      {Method::get, "HTTP/1.1 204 OK", "Content-Length: 3\nTransfer-Encoding: chunked\n", "none keep / "},
      {Method::get, "HTTP/1.1 100 OK", "Content-Length: 3\n", "none keep / "},
      {Method::get, "HTTP/1.1 103 OK", "Link: a\n", "none keep / Link:a "},
      {Method::get, "HTTP/1.1 205 OK", "Content-Length: 3\n", "length 3 keep / Content-Length:3 "},
      {Method::get, "HTTP/1.1 101 OK", "Connection: upgrade\nUpgrade: x\n",
       "tunnel upgrade / Connection:upgrade Upgrade:x "},
      {Method::get, "HTTP/1.1 101 OK", "Connection: upgrade\nUpgrade: websocket\n", "400 invalid Upgrade"},
      {Method::get, "HTTP/1.1 101 OK", "Upgrade: x\n", "400 invalid Upgrade"},
      {Method::connect, "HTTP/1.1 200 OK", "Content-Length: 3\n", "tunnel / "},
      {Method::connect, "HTTP/1.1 403 OK", "Content-Length: 3\n", "length 3 keep / Content-Length:3 "},
      {Method::get, "HTTP/1.1 200 OK", "Connection: close\nContent-Length: 3\n", "length 3 closes / Content-Length:3 "},
  };
  for (const auto& row : rows) {
    const std::string bytes = std::string(row.line) + "\n" + std::string(row.fields) + "\n";
    EXPECT_EQ(text_of(framed(bytes, false, row.method, {.upgrade_asked = true})), row.text) << bytes;
  }
  const std::string switching = "HTTP/1.1 101 OK\nConnection: upgrade\nUpgrade: x\n\n";
  EXPECT_EQ(text_of(framed(switching, false, Method::get, {})), "400 invalid Upgrade") << "nobody asked";
}

TEST(Framing, WhatUnsafeViolationsLetPassInResponses) {
  const FramingOptions lenient{.accept_unsafe = true};
  const auto text = [&](std::string_view fields) {
    return text_of(framed("HTTP/1.1 200 OK\n" + std::string(fields) + "\n", false, Method::get, lenient));
  };
  EXPECT_EQ(text("Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n"),
            "chunked keep / Transfer-Encoding:chunked ");
  EXPECT_EQ(text("Transfer-Encoding:\nContent-Length: 3\n"), "close close_after / ");
  EXPECT_EQ(text("Transfer-Encoding: gzip\n"), "400 invalid Transfer-Encoding");
}

TEST(Framing, EveryViolationHasItsStatusAndWords) {
  EXPECT_EQ(status_of(Violation::too_large), 400);
  EXPECT_EQ(status_of(Violation::unsafe_payload), 413);
  EXPECT_EQ(status_of(Violation::unsupported_coding), 501);
  EXPECT_EQ(status_of(Violation::unsupported_version), 505);
  EXPECT_STREQ(violation_text(Violation::bad_method), "invalid method");
  EXPECT_STREQ(violation_text(Violation::bad_upgrade), "invalid Upgrade");
}

}  // namespace
}  // namespace weir::proto::http
