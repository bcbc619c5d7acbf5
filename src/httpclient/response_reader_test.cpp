#include "httpclient/response_reader.h"

#include <gtest/gtest.h>

namespace weir::httpclient {
namespace {

using State = ResponseReader::State;
using Method = proto::http::Method;

struct Read {
  State state = State::more;
  Response response;
  Failure failure;
};

Read read(std::string_view bytes, bool closes, std::size_t piece, Method method = Method::get, Limits limits = {}) {
  ResponseReader reader(method, limits, true);
  Read result;
  while (!bytes.empty() && result.state == State::more) {
    result.state = reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (closes && result.state == State::more) result.state = reader.end();
  if (result.state == State::complete) result.response = reader.take();
  if (result.state == State::failed) result.failure = reader.failure();
  return result;
}

struct Row {
  std::string_view bytes;
  bool closes;
  std::string_view body;   // of a complete answer
  std::string_view error;  // of one that is none
  Failure::Kind kind = Failure::Kind::request;
};

using Kind = Failure::Kind;

constexpr Row kRows[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "hello", ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", false, "hello", ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx: y\r\n\r\n", false,
     "hello", ""},
    {"HTTP/1.0 200 OK\r\n\r\nhello", true, "hello", ""},
    {"HTTP/1.1 204 No Content\r\n\r\n", false, "", ""},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", false, "", ""},
    {"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
     "1\r\n\r\nx",
     false, "x", ""},
    {"", true, "", "the server closed the connection without an answer", Kind::connect},
    {"HTTP/1.1 200 OK\r\nConte", true, "", "the answer ends within its head", Kind::truncated},
    {"HTTP/1.1 100 Continue\r\n\r\n", true, "", "the answer ends within its head", Kind::truncated},
    {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", true, "", "the answer ends within its body", Kind::truncated},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true, "", "the answer ends within its body",
     Kind::truncated},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", true, "",
     "the answer is no HTTP: ", Kind::protocol},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", true, "",
     "the answer is no HTTP: ", Kind::protocol},
    {"SSH-2.0-OpenSSH\r\n\r\n", true, "", "the answer is no HTTP: ", Kind::protocol},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", true, "", "the answer ",
     Kind::protocol},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", false, "",
     "the answer has 99999999999 bytes: more than 67108864", Kind::too_large},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", false, "",
     "the answer's coding 'br' was not asked for", Kind::protocol},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", false, "",
     "the answer's body is not in the coding that it says", Kind::protocol},
};

TEST(ResponseReader, an_answer_is_whole_or_it_is_none_in_any_pieces) {
  for (const Row& row : kRows) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{10000}}) {
      const Read got = read(row.bytes, row.closes, piece);
      if (row.error.empty()) {
        ASSERT_EQ(got.state, State::complete) << row.bytes << got.failure.message;
        EXPECT_EQ(got.response.body, row.body);
        continue;
      }
      ASSERT_EQ(got.state, State::failed) << row.bytes;
      EXPECT_TRUE(got.failure.message.starts_with(row.error)) << got.failure.message;
      EXPECT_EQ(got.failure.kind, row.kind) << row.bytes;
    }
  }
}

TEST(ResponseReader, headers_are_found_whatever_their_case) {
  const Read got = read("HTTP/1.1 200 Fine\r\nETAG: \"x\"\r\nContent-Length: 0\r\n\r\n", false, 3);
  EXPECT_EQ(got.response.status, 200);
  EXPECT_EQ(got.response.reason, "Fine");
  EXPECT_EQ(got.response.header("ETag"), "\"x\"");
  EXPECT_EQ(got.response.header("location"), "");
}

TEST(ResponseReader, a_head_answer_has_no_body) {
  const Read got =
      read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n", false, 100, Method::head);
  EXPECT_EQ(got.state, State::complete);
}

TEST(ResponseReader, nothing_grows_without_end) {
  const Limits small{.body = 1000, .head = 2000, .fields = 50};
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 40; ++i) head += "x" + std::to_string(i) + ": " + std::string(100, 'y') + "\r\n";
  EXPECT_EQ(read(head, false, 64, Method::get, small).failure.kind, Kind::too_large);
  std::string interim;
  for (int i = 0; i < 1000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(read(interim, false, 64, Method::get, small).failure.kind, Kind::too_large);
  std::string fields = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) fields += "x: y\r\n";
  EXPECT_EQ(read(fields + "\r\n", false, 64, Method::get, small).failure.kind, Kind::protocol);
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x');
  EXPECT_EQ(read(endless, false, 64, Method::get, small).failure.kind, Kind::too_large);
  std::string trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: " + std::string(5000, 'y');
  EXPECT_EQ(read(trailers, false, 64, Method::get, small).failure.kind, Kind::too_large);
  // A thousand times larger than it came.
  const auto encoder = proto::coding::Encoder::make(proto::coding::Coding::gzip, {.level = 9});
  std::string bytes(10'000, '\0');
  const auto step = encoder->step(std::string(1'000'000, '\0'), bytes, proto::coding::Until::end);
  ASSERT_TRUE(step.through);
  bytes.resize(step.produced);
  const std::string bomb = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bytes;
  EXPECT_EQ(read(bomb, true, 64, Method::get, {.body = 100'000}).failure.kind, Kind::too_large);
  EXPECT_EQ(read(bomb, true, 64, Method::get, {.body = 1'000'000}).state, State::complete);
  EXPECT_EQ(read(bomb.substr(0, bomb.size() - 4), true, 64).failure.kind, Kind::truncated);
}

}  // namespace
}  // namespace weir::httpclient
