// Bodies by table: each row read whole and in pieces of one, two and three bytes.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "proto/http1/codec.h"

namespace weir::proto::http1 {
namespace {

using namespace std::string_literals;
using http::BodyKind;
using Kind = BodyReader::Piece::Kind;

/// The data, "+" and the trailers, "|" and what is left over; or what is wrong. `step` bytes arrive at a time.
std::string read(BodyReader reader, const std::string& bytes, std::size_t step) {
  std::string buffer;
  std::string data;
  std::string trailers;
  std::size_t given = 0;
  while (true) {
    const auto piece = reader.next(buffer);
    data += piece.kind == Kind::data ? piece.data : "";
    if (piece.kind == Kind::trailers) trailers = "+" + std::string(piece.data);
    if (piece.kind == Kind::violation) return violation_text(piece.violation);
    buffer.erase(0, piece.consumed);
    if (piece.kind == Kind::end) return data + trailers + "|" + buffer + bytes.substr(given);
    if (piece.kind != Kind::need_more) continue;
    if (given == bytes.size()) return data + (reader.ends_at_close() ? " closed" : " cut");
    buffer += bytes.substr(given, step);
    given = std::min(bytes.size(), given + step);
  }
}

TEST(Http1Body, Chunks) {
  const struct {
    std::string bytes;
    std::string read;
  } rows[] = {
      {"3\r\nabc\r\n0\r\n\r\nnext", "abc|next"},
      {"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde|"},
      {"0003;a=b;c=\"d;e\"\r\nabc\r\n000\r\n\r\n", "abc|"},
      {"3 \t\r\nabc\r\n0 ; a\r\n\r\n", "abc|"},
      {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789|"},
      {"00000000000000000003\r\nabc\r\n0\r\n\r\n", "abc|"},
      {"0\r\nX: y\r\nZ:\r\n\r\nnext", "+X: y\r\nZ:\r\n|next"},
      {"3\r\nabc\r\n0\r\n", "abc cut"},
      {"3\r\nabc\r\n0\r\nX: y\r\n", "abc cut"},
      {"7ffffffffffffff\r\nabc", "abc cut"},
      {"\r\nabc", "invalid chunk"},
      {";a\r\nabc", "invalid chunk"},
      {" 3\r\nabc", "invalid chunk"},
      {"0x3\r\nabc", "invalid chunk"},
      {"-3\r\nabc", "invalid chunk"},
      {"3g\r\nabc", "invalid chunk"},
      {"3 4\r\nabc", "invalid chunk"},
      {"3\nabc\n0\n\n", "invalid chunk"},
      {"3\rabc", "invalid chunk"},
      {"3\r\nabc\n0\r\n\r\n", "invalid chunk"},
      {"3\r\nabcd\r\n0\r\n\r\n", "invalid chunk"},
      {"3\r\nabc0\r\n\r\n", "invalid chunk"},
      {"3;a\nb\r\nabc\r\n0\r\n\r\n", "invalid chunk"},
      {"3;a\rb\r\nabc\r\n0\r\n\r\n", "invalid chunk"},
      {"3;a\0\r\nabc\r\n0\r\n\r\n"s, "invalid chunk"},
      {"800000000000000\r\n", "invalid chunk"},
      {"10000000000000003\r\nabc\r\n0\r\n\r\n", "invalid chunk"},
      {std::string(32, '0') + "3\r\nabc", "invalid chunk"},
      {"3;" + std::string(2000, 'a') + "\r\nabc", "invalid chunk"},
      {"0\r\n\n", "invalid trailer"},
      {"0\n\n", "invalid chunk"},
      {"0\r\nX: y\n\r\n", "invalid trailer"},
      {"0\r\nX : y\r\n\r\n", "invalid trailer"},
      {"0\r\nX\r\n\r\n", "invalid trailer"},
      {"0\r\n: y\r\n\r\n", "invalid trailer"},
      {"0\r\nX: y\r\n z\r\n\r\n", "invalid trailer"},
      {"0\r\nX: y\0\r\n\r\n"s, "invalid trailer"},
      {"0\r\nX: y\rz\r\n\r\n", "invalid trailer"},
      {"0\r\nContent-Length: 3\r\n\r\n", "invalid trailer"},
      {"0\r\nTransfer-Encoding: chunked\r\n\r\n", "invalid trailer"},
  };
  for (const auto& row : rows) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000000}}) {
      EXPECT_EQ(read(BodyReader({.kind = BodyKind::chunked}), row.bytes, step), row.read)
          << testing::PrintToString(row.bytes) << step;
    }
  }
}

TEST(Http1Body, LengthsAndEnds) {
  const struct {
    http::Framing framing;
    std::string bytes;
    std::string read;
  } rows[] = {
      {{.kind = BodyKind::none}, "abc", "|abc"},
      {{.kind = BodyKind::length, .length = 0}, "abc", "|abc"},
      {{.kind = BodyKind::length, .length = 2}, "abc", "ab|c"},
      {{.kind = BodyKind::length, .length = 4}, "abc", "abc cut"},
      {{.kind = BodyKind::until_close}, "abc", "abc closed"},
      {{.kind = BodyKind::tunnel}, "abc", "abc closed"},
  };
  for (const auto& row : rows) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{100}})
      EXPECT_EQ(read(BodyReader(row.framing), row.bytes, step), row.read);
  }
}

TEST(Http1Body, WhatWentByUnseen) {
  BodyReader length({.kind = BodyKind::length, .length = 10});
  EXPECT_EQ(length.known_rest(), 10U);
  length.skip(10);
  EXPECT_TRUE(length.over());
  BodyReader chunked({.kind = BodyKind::chunked});
  EXPECT_EQ(chunked.known_rest(), 0U);
  EXPECT_EQ(chunked.next("5\r\nab").data, "ab");
  EXPECT_EQ(chunked.known_rest(), 3U);
  chunked.skip(3);
  EXPECT_EQ(chunked.known_rest(), 0U);
  EXPECT_EQ(chunked.next("\r\n0\r\n\r\n").kind, Kind::end);
  EXPECT_EQ(BodyReader({.kind = BodyKind::tunnel}).known_rest(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Http1Body, TrailersBecomeFields) {
  std::array<http::Field, 2> storage;
  http::Head head(storage);
  EXPECT_TRUE(parse_trailers("X:  y \r\nExpect:\r\n", head));
  ASSERT_EQ(head.fields().size(), 2U);
  EXPECT_EQ(head.fields()[0].value, "y");
  EXPECT_EQ(head.fields()[1].id, http::FieldId::expect);
  EXPECT_FALSE(parse_trailers("X: y\r\n", head));
}

TEST(Http1Body, ChunkSizes) {
  std::array<char, 18> out;
  const auto text = [&](std::uint64_t size) { return std::string(out.data(), write_chunk_size(size, out)); };
  EXPECT_EQ(text(0), "0\r\n");
  EXPECT_EQ(text(500), "1f4\r\n");
  EXPECT_EQ(text(~std::uint64_t{0}), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace weir::proto::http1
