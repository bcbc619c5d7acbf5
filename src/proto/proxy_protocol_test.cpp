#include "proto/proxy_protocol.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>

namespace weir::proto::pp {
namespace {

using namespace std::string_literals;

const std::string kSig(kSignature.data(), kSignature.size());
const std::string kFour = "\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x50\x01\xbb"s;
const std::string kSix = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01\x20\x01\x0d\xb8"s + std::string(11, '\0') +
                         "\x02\x00\x50\x01\xbb"s;

std::string padded(std::string path) {
  path.resize(108);
  return path;
}
const std::string kUnix = padded("/run/client") + padded("/run/proxy");

std::string block(std::uint8_t command, std::uint8_t family, const std::string& body) {
  std::string made = kSig;
  made += static_cast<char>(command);
  made += static_cast<char>(family);
  made += static_cast<char>(body.size() >> 8);
  made += static_cast<char>(body.size() & 0xff);
  return made + body;
}

std::string tlv(std::uint8_t type, const std::string& value) {
  std::string made(1, static_cast<char>(type));
  made += static_cast<char>(value.size() >> 8);
  made += static_cast<char>(value.size() & 0xff);
  return made + value;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> 4];
    text += "0123456789abcdef"[c & 0xf];
  }
  return text;
}

std::string between(const Header& header) {
  if (!header.addresses) return "none";
  return header.source.to_string() + " " + header.destination.to_string();
}

struct Case {
  std::string bytes;
  Violation violation;
  std::string addresses;  // "none": the connection's own
};

void check(const Case& one) {
  SCOPED_TRACE(hex(one.bytes));
  const std::string input = one.bytes + "hello";
  const Parse parsed = parse(input);
  if (one.violation != Violation::none) {
    EXPECT_EQ(parsed.outcome, Outcome::violation);
    EXPECT_EQ(parsed.violation, one.violation);
    return;
  }
  ASSERT_EQ(parsed.outcome, Outcome::complete);
  EXPECT_EQ(parsed.header.size, one.bytes.size());
  EXPECT_EQ(between(parsed.header), one.addresses);
  for (std::size_t cut = 0; cut < one.bytes.size(); cut++)
    EXPECT_EQ(parse(std::string_view(input).substr(0, cut)).outcome, Outcome::need_more) << cut;
}

TEST(ProxyProtocol, LinesOfVersion1) {
  const Violation bad = Violation::bad_header;
  const Case cases[] = {
      // The example of 2.1, and its longest lines.
      {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", {}, "192.168.0.1:56324 192.168.0.11:443"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", {}, "255.255.255.255:65535 255.255.255.255:65535"},
      {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
       {},
       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
      {"PROXY TCP6 2001:DB8::a ::1 1 0\r\n", {}, "[2001:db8::a]:1 [::1]:0"},
      {"PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n", {}, "[::ffff:1.2.3.4]:1 [::1]:2"},
      {"PROXY UNKNOWN\r\n", {}, "none"},
      {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
       {},
       "none"},
      {"PROXY UNKNOWN \x01\x02 anything\r\n", {}, "none"},
      {"PROXY UNKNOWN "s + std::string(91, 'x') + "\r\n", {}, "none"},
      {"PROXY UNKNOWN "s + std::string(92, 'x') + "\r\n", bad, ""},
      {"PROXY UNKNOWN "s + std::string(200, 'x'), bad, ""},
      {"PROXY UNKNOWNX\r\n", Violation::bad_protocol, ""},
      {"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", Violation::bad_protocol, ""},
      {"PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", Violation::bad_protocol, ""},
      {"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", Violation::bad_protocol, ""},
      {"PROXY \r\n", Violation::bad_protocol, ""},
      {"PROXY\r\n", bad, ""},
      {"PROXY TCP4\r\n", Violation::bad_protocol, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", bad, ""},
      {"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4\t5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP4 ::1 ::2 1 2\r\n", bad, ""},
      {"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", bad, ""},
      {"PROXY TCP6 2001::db8::1 ::1 1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n", bad, ""},
      {"PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"s, bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", bad, ""},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx", bad, ""},
      {"proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", Violation::not_header, ""},
      {"GET / HTTP/1.1\r\n", Violation::not_header, ""},
      {"\x16\x03\x01\x00", Violation::not_header, ""},
  };
  for (const Case& one : cases) check(one);
}

TEST(ProxyProtocol, BlocksOfVersion2) {
  const Violation bad = Violation::bad_header;
  const std::string four = "10.0.0.1:80 10.0.0.2:443";
  const std::string six = "[2001:db8::1]:80 [2001:db8::2]:443";
  const Case cases[] = {
      {block(0x21, 0x11, kFour), {}, four},
      {block(0x21, 0x12, kFour), {}, four},
      {block(0x21, 0x21, kSix), {}, six},
      {block(0x21, 0x22, kSix), {}, six},
      {block(0x21, 0x31, kUnix), {}, "/run/client /run/proxy"},
      {block(0x21, 0x32, kUnix), {}, "/run/client /run/proxy"},
      {block(0x21, 0x31, std::string(216, '\0')), {}, " "},
      {block(0x21, 0x00, ""), {}, "none"},
      {block(0x21, 0x00, "whatever"), {}, "none"},
      {block(0x21, 0x10, kFour), {}, "none"},
      {block(0x21, 0x01, kFour), {}, "none"},
      {block(0x20, 0x00, ""), {}, "none"},
      {block(0x20, 0x11, kFour), {}, "none"},
      {block(0x20, 0xff, "abc"), {}, "none"},
      {block(0x20, 0x00, tlv(type::crc32c, "abcd")), {}, "none"},
      {block(0x21, 0x41, kFour), bad, ""},
      {block(0x21, 0x13, kFour), bad, ""},
      {block(0x22, 0x11, kFour), bad, ""},
      {block(0x11, 0x11, kFour), Violation::not_header, ""},
      {block(0x31, 0x11, kFour), Violation::not_header, ""},
      {block(0x21, 0x11, kFour.substr(1)), bad, ""},
      {block(0x21, 0x21, kSix.substr(1)), bad, ""},
      {block(0x21, 0x31, kUnix.substr(1)), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::noop, "")), {}, four},
      {block(0x21, 0x11, kFour + tlv(type::noop, std::string(60000, 'x'))), {}, four},
      {block(0x21, 0x11, kFour + "\x02"), bad, ""},
      {block(0x21, 0x11, kFour + "\x02\x00"s), bad, ""},
      {block(0x21, 0x11, kFour + "\x02\x00\x09"s + "abc"), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::crc32c, "abcd")), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::crc32c, "abc")), bad, ""},
      {block(0x21, 0x00, tlv(type::crc32c, "abcd")), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::unique_id, std::string(128, 'u'))), {}, four},
      {block(0x21, 0x11, kFour + tlv(type::unique_id, std::string(129, 'u'))), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::ssl, "\x01\0\0\0\0"s)), {}, four},
      {block(0x21, 0x11, kFour + tlv(type::ssl, "\x01\0\0\0"s)), bad, ""},
      {block(0x21, 0x11, kFour + tlv(type::ssl, "\x01\0\0\0\0\x21\0"s)), bad, ""},
  };
  for (const Case& one : cases) {
    if (one.bytes.size() > 1000) {  // cutting this one everywhere takes too long
      EXPECT_EQ(parse(one.bytes).outcome, Outcome::complete);
      continue;
    }
    check(one);
  }
}

TEST(ProxyProtocol, HeadersLongerThanTheCallerTakes) {
  const std::string bytes = block(0x21, 0x11, kFour + tlv(type::noop, std::string(100, 'x')));
  EXPECT_EQ(parse(bytes, bytes.size()).outcome, Outcome::complete);
  EXPECT_EQ(parse(bytes, bytes.size() - 1).violation, Violation::too_long);
  EXPECT_EQ(parse(std::string_view(bytes).substr(0, 16), 100).violation, Violation::too_long);
}

TEST(ProxyProtocol, TlvsAreFoundInsideOfSsl) {
  const std::string ssl = "\x07\0\0\0\0"s + tlv(type::ssl_version, "TLSv1.3") + tlv(type::ssl_cn, "alice");
  const std::string all = tlv(type::alpn, "h2") + tlv(type::ssl, ssl) + tlv(type::netns, "blue") +
                          tlv(type::authority, "example.test") + tlv(type::authority, "second");
  const Parse parsed = parse(block(0x21, 0x11, kFour + all));
  ASSERT_EQ(parsed.outcome, Outcome::complete);
  EXPECT_EQ(find_tlv(all, type::alpn), "h2");
  EXPECT_EQ(find_tlv(all, type::ssl), ssl);
  EXPECT_EQ(find_tlv(all, type::ssl_version), "TLSv1.3");
  EXPECT_EQ(find_tlv(all, type::ssl_cn), "alice");
  EXPECT_EQ(find_tlv(all, type::netns), "blue");
  EXPECT_EQ(find_tlv(all, type::authority), "example.test");
  EXPECT_EQ(find_tlv(all, type::ssl_cipher), std::nullopt);
  EXPECT_EQ(find_tlv(all, type::unique_id), std::nullopt);
}

TEST(ProxyProtocol, Checksums) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);  // the check value of CRC32c
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

SocketAddress four(std::uint32_t host, std::uint16_t port) { return SocketAddress::ipv4(host, port); }
SocketAddress six(std::uint8_t last, std::uint16_t port) {
  in6_addr address{};
  std::memcpy(&address, "\x20\x01\x0d\xb8", 4);
  address.s6_addr[15] = last;
  return SocketAddress::ipv6(address, port);
}

TEST(ProxyProtocol, WritesVersion1) {
  std::array<char, kMaxV1> out;
  const auto line = [&](const SocketAddress& a, const SocketAddress& b) {
    return std::string(out.data(), write_v1(a, b, out));
  };
  EXPECT_EQ(line(four(0xc0a80001, 56324), four(0xc0a8000b, 443)), "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
  EXPECT_EQ(line(six(1, 65535), six(2, 0)), "PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n");
  EXPECT_EQ(line(four(0x0a000001, 1), six(2, 2)), "PROXY TCP6 ::ffff:10.0.0.1 2001:db8::2 1 2\r\n");
  EXPECT_EQ(line(SocketAddress::unix_path(""), SocketAddress::unix_path("/x")), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(line({}, {}), "PROXY UNKNOWN\r\n");
  in6_addr ones{};
  std::memset(&ones, 0xff, sizeof ones);
  EXPECT_EQ(line(SocketAddress::ipv6(ones, 65535), SocketAddress::ipv6(ones, 65535)).size(), 104U);
}

TEST(ProxyProtocol, WritesVersion2) {
  std::array<char, 512> out;
  WriterV2 local(out);
  local.local();
  local.checksum();
  const std::size_t size = local.finish();
  // Seen on the wire from another implementation: a health check's header.
  EXPECT_EQ(hex({out.data(), size}), "0d0a0d0a000d0a515549540a20000007030004a9b87e8f");

  WriterV2 plain(out);
  plain.proxy(four(0x0a000001, 80), four(0x0a000002, 443));
  EXPECT_EQ(std::string(out.data(), plain.finish()), block(0x21, 0x11, kFour));
  WriterV2 longer(out);
  longer.proxy(six(1, 80), six(2, 443));
  longer.tlv(type::authority, "example.test");
  EXPECT_EQ(std::string(out.data(), longer.finish()), block(0x21, 0x21, kSix + tlv(type::authority, "example.test")));
  WriterV2 path(out);
  path.proxy(SocketAddress::unix_path("/run/client"), SocketAddress::unix_path("/run/proxy"));
  EXPECT_EQ(std::string(out.data(), path.finish()), block(0x21, 0x31, kUnix));
  WriterV2 nobody(out);
  nobody.proxy(SocketAddress::unix_path("/x"), four(1, 1));
  EXPECT_EQ(std::string(out.data(), nobody.finish()), block(0x20, 0x00, ""));
}

TEST(ProxyProtocol, WhatIsWrittenIsRead) {
  std::array<char, 1024> out;
  const SocketAddress abstract = SocketAddress::abstract("name");
  const std::pair<SocketAddress, SocketAddress> pairs[] = {
      {four(1, 2), four(3, 4)}, {six(1, 2), six(3, 4)}, {abstract, SocketAddress::unix_path("/x")}};
  for (const auto& [source, destination] : pairs) {
    WriterV2 writer(out);
    writer.proxy(source, destination);
    writer.tlv(type::unique_id, "id");
    writer.checksum();
    writer.tlv(type::ssl, {"\0\0\0\0\0", 5});
    const std::size_t size = writer.finish();
    const Parse parsed = parse({out.data(), size});
    ASSERT_EQ(parsed.outcome, Outcome::complete);
    EXPECT_EQ(parsed.header.source, source);
    EXPECT_EQ(parsed.header.destination, destination);
    EXPECT_EQ(find_tlv(parsed.header.tlvs, type::unique_id), "id");
    // One bit anywhere behind the length makes the checksum wrong, or the block.
    const std::string_view checksum = *find_tlv(parsed.header.tlvs, type::crc32c);
    const auto checksum_type = static_cast<std::size_t>(checksum.data() - out.data()) - 3;
    for (std::size_t at = 16; at < size; at++) {
      if (at == checksum_type) continue;  // another type is another TLV, and no checksum
      out[at] = static_cast<char>(out[at] ^ 1);
      EXPECT_NE(parse({out.data(), size}).outcome, Outcome::need_more);
      EXPECT_EQ(parse({out.data(), size}).violation, Violation::bad_header) << at;
      out[at] = static_cast<char>(out[at] ^ 1);
    }
  }
}

TEST(ProxyProtocol, WhatDoesNotFitIsNotWritten) {
  std::array<char, 40> out;
  WriterV2 writer(out);
  writer.proxy(four(1, 2), four(3, 4));
  writer.tlv(type::authority, "too long for the buffer");
  EXPECT_EQ(writer.finish(), 0U);
  EXPECT_EQ(write_v1(four(1, 2), four(3, 4), out), 0U);
}

}  // namespace
}  // namespace weir::proto::pp
