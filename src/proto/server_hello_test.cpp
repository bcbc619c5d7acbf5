#include "proto/server_hello.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::proto {
namespace {

using namespace std::string_literals;

std::string with16(const std::string& text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text;
}

std::string hello_message(const std::string& extensions) {
  const std::string body = "\x03\x03"s + std::string(32, 'r') + "\x04"s + "sess" + "\x13\x01\x00"s + extensions;
  return "\x02\x00"s + with16(body);
}
std::string record(const std::string& fragment) { return "\x16\x03\x03"s + with16(fragment); }

TEST(ServerHello, OneRecordWithTheCertificateBehindIt) {
  for (const std::string& extensions : {""s, with16(""), with16("\xff\x01\x00\x01\x00"s)}) {
    const std::string bytes = record(hello_message(extensions) + "\x0b\x00\x10\x00");
    const ServerHelloParse parse = parse_server_hello(bytes);
    ASSERT_EQ(parse.outcome, HelloOutcome::complete);
    EXPECT_EQ(parse.hello.handshake_type, 2);
    EXPECT_EQ(parse.hello.version, 0x0303);
    EXPECT_EQ(parse.hello.session_id, "sess");
    EXPECT_EQ(parse.hello.cipher, 0x1301);
  }
}

TEST(ServerHello, CutAnywhereAndInRecordsOfOneByte) {
  const std::string message = hello_message(with16("\xff\x01\x00\x01\x00"s));
  std::array<char, 256> scratch;
  std::string in_bytes;
  for (const char byte : message) in_bytes += record(std::string(1, byte));
  for (const std::string& bytes : {record(message), in_bytes}) {
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      EXPECT_EQ(parse_server_hello(std::string_view(bytes).substr(0, cut), scratch).outcome, HelloOutcome::need_more);
    EXPECT_EQ(parse_server_hello(bytes, scratch).outcome, HelloOutcome::complete);
  }
}

TEST(ServerHello, WhatIsNone) {
  const std::string message = hello_message("");
  for (const std::string& bytes :
       {"SSH-2.0-x"s, "\x15\x03\x01\x00\x02\x02\x28"s, record("\x01"s + message.substr(1)),
        record(message.substr(0, 3) + "\x05" + message.substr(4, 5)), record(hello_message("\x00\x09x"s))})
    EXPECT_EQ(parse_server_hello(bytes).outcome, HelloOutcome::not_tls);
}

}  // namespace
}  // namespace weir::proto
