#include "proto/rdp.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::proto::rdp {
namespace {

using namespace std::string_literals;

std::string packet(const std::string& body, int indicator = -1, char code = '\xe0') {
  const std::size_t length = kHeaderSize + body.size();
  std::string made = "\x03\x00"s;
  made += static_cast<char>(length >> 8);
  made += static_cast<char>(length & 0xff);
  made += static_cast<char>(indicator < 0 ? static_cast<int>(length) - 5 : indicator);
  made += code;
  made += "\0\0\0\0\0"s;
  return made + body;
}

const std::string kNegotiation = "\x01\x08\x08\x00\x0b\x00\x00\x00"s;
const std::string kCorrelation = "\x06\x00\x24\x00"s + "0123456789abcdef" + std::string(16, '\0');

TEST(RdpRequest, FreeRdpWithNetworkLevelAuthentication) {
  const std::string bytes =
      "\x03\x00\x00\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=alice\r\n\x01\x00\x08\x00\x03\x00\x00\x00"s;
  const std::string input = bytes + "what follows";
  const auto parse = parse_connection_request(input);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.request.packet, bytes);
  EXPECT_EQ(parse.request.cookie("mstshash"), "alice");
  EXPECT_EQ(parse.request.routing_token, "");
  EXPECT_EQ(parse.request.negotiation, (NegotiationRequest{0, protocol::ssl | protocol::hybrid}));
}

TEST(RdpRequest, FreeRdpWithRoutingToken) {
  const std::string bytes = "\x03\x00\x00\x2f\x2a\xe0\0\0\0\0\0Cookie: msts=3640205228.15629.0000\r\n"s;
  const auto parse = parse_connection_request(bytes);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.request.routing_token, "Cookie: msts=3640205228.15629.0000");
  EXPECT_EQ(parse.request.cookie("msts"), "3640205228.15629.0000");
  EXPECT_FALSE(parse.request.negotiation);
}

struct CookieCase {
  std::string body;
  std::string name;
  std::optional<std::string> value;
  std::size_t count;
};

TEST(RdpRequest, Cookies) {
  const CookieCase cases[] = {
      {"Cookie: mstshash=bob\r\n", "mstshash", "bob", 1},
      {"Cookie: mstshash=bob\r\n", "MSTSHASH", "bob", 1},
      {"Cookie: mstshash=bob\r\n", "", "bob", 1},
      {"Cookie: mstshash=bob\r\n", "msts", std::nullopt, 0},
      {"cookie: MSTShash=bob\r\n", "mstshash", "bob", 1},
      {"Cookie:mstshash=bob\r\n", "mstshash", "bob", 1},
      {"Cookie: any=1\r\n" + kNegotiation, "", "1", 1},
      {"Cookie: any=1\r\n" + kNegotiation, "any", "1", 1},
      {"Cookie: msts=1.2.0000\r\nCookie: mstshash=bob\r\n" + kNegotiation, "mstshash", "bob", 1},
      {"Cookie: msts=1.2.0000\r\nCookie: mstshash=bob\r\n", "", "1.2.0000", 2},
      {"tsv://MS Terminal Services Plugin.1.Farm\r\nCookie: mstshash=bob\r\n", "mstshash", "bob", 1},
      {kNegotiation + "Cookie: mstshash=bob\r\n", "mstshash", "bob", 1},
      {kNegotiation + kCorrelation + "Cookie: mstshash=bob\r\n", "mstshash", "bob", 1},
      {"\x7f\x01junk Cookie: mstshash=bob\r\n", "mstshash", "bob", 1},
      {"Cookie: mstshash=a=b\r\n", "mstshash", "a=b", 1},
      {"Cookie: mstshash=\r\n", "mstshash", "", 1},
      {"Cookie: mstshash=bob", "mstshash", std::nullopt, 0},
      {"Cookie: =bob\r\n", "", std::nullopt, 0},
      {"Cookie: bob\r\n", "", std::nullopt, 0},
      {"", "", std::nullopt, 0},
      {kNegotiation, "", std::nullopt, 0},
  };
  for (const CookieCase& one : cases) {
    SCOPED_TRACE(one.body + " / " + one.name);
    const std::string bytes = packet(one.body);
    const auto parse = parse_connection_request(bytes);
    ASSERT_EQ(parse.outcome, Outcome::complete);
    const auto found = parse.request.cookie(one.name);
    EXPECT_EQ(found.has_value() ? std::optional<std::string>(*found) : std::nullopt, one.value);
    EXPECT_EQ(parse.request.cookie_count(one.name), one.count);
  }
}

TEST(RdpRequest, TokenNegotiationAndCorrelationTogether) {
  const std::string bytes = packet("tsv://farm\r\nCookie: mstshash=bob\r\n" + kNegotiation + kCorrelation);
  const auto parse = parse_connection_request(bytes);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.request.routing_token, "tsv://farm");
  EXPECT_EQ(parse.request.negotiation, (NegotiationRequest{request_flag::correlation_info_present, 0x0b}));
  EXPECT_EQ(parse.request.correlation_id, "0123456789abcdef");
}

TEST(RdpRequest, EveryTruncationAsksForMore) {
  for (const std::string& body :
       {"Cookie: mstshash=alice\r\n" + kNegotiation, kNegotiation, ""s, "Cookie: msts=1.2.0000\r\n" + kCorrelation}) {
    const std::string bytes = packet(body);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_EQ(parse_connection_request(bytes.substr(0, cut)).outcome, Outcome::need_more) << cut;
    }
  }
}

TEST(RdpRequest, LongRoutingTokensWrapTheLengthIndicator) {
  const std::string bytes = packet("Cookie: msts=1.2.0000\r\n" + std::string(300, 'x') + "\r\n" + kNegotiation, 6);
  const auto parse = parse_connection_request(bytes);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.request.cookie("msts"), "1.2.0000");
  EXPECT_TRUE(parse.request.negotiation);
}

TEST(RdpRequest, WhatIsNotRdp) {
  std::string wrong_class = packet("");
  wrong_class[10] = '\x20';
  const std::string cases[] = {
      "\x16",
      "GET / HTTP/1.1\r\n",
      "\x04\x01\x00\x50",
      "\x03\x00\x00\x0a"s,     // shorter than its own header
      "\x03\x00\xff\xff"s,     // longer than any request
      packet("", 5),           // indicator leaves out a part of the fixed header
      packet("abc", 12),       // indicator says more than the packet holds
      packet("", -1, '\xd0'),  // a confirm
      packet("", -1, '\xf0'),  // data
      wrong_class,
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(parse_connection_request(bytes).outcome, Outcome::not_rdp) << testing::PrintToString(bytes);
  }
  EXPECT_EQ(parse_connection_request("\x03\x01"s).outcome, Outcome::need_more) << "the reserved byte means nothing";
}

TEST(RdpRouting, Cookies) {
  const struct {
    std::string_view text;
    std::optional<RoutingTarget> target;
  } cases[] = {
      {"3640205228.15629.0000", RoutingTarget{0xac1ff9d8, 3389}},  // the specification's own example
      {"16777343.15629.0000", RoutingTarget{0x7f000001, 3389}},
      {"0.0.0000", RoutingTarget{0, 0}},
      {"4294967295.65535.0000", RoutingTarget{0xffffffff, 0xffff}},
      {"4294967296.15629.0000", std::nullopt},
      {"1.65536.0000", std::nullopt},
      {"1.2", std::nullopt},
      {"1.2x.0000", std::nullopt},
      {"1", std::nullopt},
      {"", std::nullopt},
      {"-1.2.0000", std::nullopt},
      {"+1.2.0000", std::nullopt},
      {"alice", std::nullopt},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(decode_routing_cookie(one.text), one.target) << one.text;
    if (!one.target) continue;
    std::array<char, kMaxRoutingCookie> out;
    EXPECT_EQ(std::string_view(out.data(), encode_routing_cookie(*one.target, out)), one.text);
    EXPECT_EQ(encode_routing_cookie(*one.target, std::span(out).first(one.text.size() - 1)), 0U);
  }
}

TEST(RdpRequest, WrittenOnesReadBack) {
  std::array<char, 300> out;
  const RequestFields fields{.cookie_name = "mstshash",
                             .cookie_value = "check",
                             .routing_token = "tsv://farm",
                             .negotiation = NegotiationRequest{0, protocol::ssl}};
  const std::size_t size = write_connection_request(fields, out);
  ASSERT_NE(size, 0U);
  const auto parse = parse_connection_request({out.data(), size});
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.request.packet.size(), size);
  EXPECT_EQ(parse.request.routing_token, "tsv://farm");
  EXPECT_EQ(parse.request.cookie("mstshash"), "check");
  EXPECT_EQ(parse.request.negotiation, fields.negotiation);
  for (std::size_t room = 0; room < size; ++room) {
    EXPECT_EQ(write_connection_request(fields, std::span(out).first(room)), 0U);
  }
  EXPECT_EQ(write_connection_request({}, out), kHeaderSize);
  EXPECT_EQ(write_connection_request({.cookie_name = "a", .cookie_value = "b\r\nc"}, out), 0U);
  EXPECT_EQ(write_connection_request({.routing_token = std::string(250, 'x')}, out), 0U);
}

TEST(RdpConfirm, Kinds) {
  const std::string plain_bytes = packet("", -1, '\xd0');
  const auto plain = parse_connection_confirm(plain_bytes);
  ASSERT_EQ(plain.outcome, Outcome::complete);
  EXPECT_EQ(plain.confirm.kind, ConfirmKind::plain);
  EXPECT_TRUE(plain.confirm.up());

  const std::string accepted_bytes = packet("\x02\x1f\x08\x00\x02\x00\x00\x00"s, -1, '\xd0');
  const auto accepted = parse_connection_confirm(accepted_bytes);
  ASSERT_EQ(accepted.outcome, Outcome::complete);
  EXPECT_EQ(accepted.confirm.kind, ConfirmKind::accepted);
  EXPECT_EQ(accepted.confirm.protocol, protocol::hybrid);
  EXPECT_EQ(accepted.confirm.flags, 0x1f);
  EXPECT_TRUE(accepted.confirm.up());

  const struct {
    char code;
    std::string_view name;
    bool up;
  } failures[] = {{1, "SSL_REQUIRED_BY_SERVER", true},    {2, "SSL_NOT_ALLOWED_BY_SERVER", true},
                  {3, "SSL_CERT_NOT_ON_SERVER", false},   {4, "INCONSISTENT_FLAGS", true},
                  {5, "HYBRID_REQUIRED_BY_SERVER", true}, {6, "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER", true},
                  {7, "unknown failure code", false}};
  for (const auto& failure : failures) {
    const std::string bytes = packet("\x03\x00\x08\x00"s + failure.code + "\0\0\0"s, -1, '\xd0');
    const auto refused = parse_connection_confirm(bytes);
    ASSERT_EQ(refused.outcome, Outcome::complete);
    EXPECT_EQ(refused.confirm.kind, ConfirmKind::refused);
    EXPECT_EQ(failure_name(refused.confirm.failure), failure.name);
    EXPECT_EQ(refused.confirm.up(), failure.up) << failure.name;
  }
  EXPECT_EQ(parse_connection_confirm(packet("")).outcome, Outcome::not_rdp);
  EXPECT_EQ(parse_connection_confirm("SSH-2.0").outcome, Outcome::not_rdp);
  EXPECT_EQ(parse_connection_confirm("\x03\x00\x00"s).outcome, Outcome::need_more);
}

}  // namespace
}  // namespace weir::proto::rdp
