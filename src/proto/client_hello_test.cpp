#include "proto/client_hello.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>

namespace weir::proto {
namespace {

using namespace std::string_literals;

std::string u16(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }
std::string with16(const std::string& text) { return u16(text.size()) + text; }
std::string with8(const std::string& text) { return static_cast<char>(text.size()) + text; }
std::string extension(std::size_t type, const std::string& payload) { return u16(type) + with16(payload); }

std::string body(const std::string& extensions, bool with_extensions = true) {
  return "\x03\x03"s + std::string(32, 'r') + with8("session") + with16("\x13\x02\x13\x01"s) + with8("\0"s) +
         (with_extensions ? with16(extensions) : "");
}
std::string message(const std::string& text) { return "\x01\x00"s + with16(text); }
std::string record(const std::string& fragment) { return "\x16\x03\x01"s + with16(fragment); }
std::string records(const std::string& text, std::size_t piece) {
  std::string made;
  for (std::size_t at = 0; at < text.size(); at += piece) made += record(text.substr(at, piece));
  return made;
}

const std::string kExtensions =
    extension(0x0a0a, "") +                                      // GREASE
    extension(0, with16("\x00"s + with16("www.example.com"))) +  //
    extension(10, with16("\x0a\x0a\x00\x1d\x00\x17"s)) +         //
    extension(13, with16("\x04\x03\x08\x04"s)) +                 //
    extension(16, with16(with8("h2") + with8("http/1.1"))) +     //
    extension(35, "") +                                          //
    extension(43, with8("\x0a\x0a\x03\x04\x03\x03"s)) +          //
    extension(51, with16("\x0a\x0a"s + with16("x") + "\x00\x1d"s + with16(std::string(32, 'k'))));

void expect_all(const ClientHello& hello) {
  EXPECT_EQ(hello.handshake_type, 1);
  EXPECT_EQ(hello.record_version, 0x0301);
  EXPECT_EQ(hello.version, 0x0303);
  EXPECT_EQ(hello.highest_version(), 0x0304);
  EXPECT_EQ(hello.session_id, "session");
  EXPECT_EQ(hello.random, std::string(32, 'r'));
  EXPECT_EQ(hello.ciphers, "\x13\x02\x13\x01"s);
  EXPECT_EQ(hello.server_name(), "www.example.com");
  EXPECT_EQ(hello.supported_groups(), "\x0a\x0a\x00\x1d\x00\x17"s);
  EXPECT_EQ(hello.signature_algorithms(), "\x04\x03\x08\x04"s);
  EXPECT_EQ(hello.alpn_list(), "\x02h2\x08http/1.1");
  EXPECT_EQ(hello.first_alpn(), "h2");
  EXPECT_EQ(hello.session_ticket_state(), 1);
  EXPECT_FALSE(hello.extension(tls_extension::ec_point_formats));
  std::size_t position = 0;
  EXPECT_EQ(next_key_share_group(hello.key_shares(), position), 0x0a0a);
  EXPECT_EQ(next_key_share_group(hello.key_shares(), position), 0x001d);
  EXPECT_FALSE(next_key_share_group(hello.key_shares(), position));
}

TEST(ClientHello, OneRecord) {
  const std::string bytes = record(message(body(kExtensions)));
  const std::string input = bytes + "more";
  const auto parse = parse_client_hello(input);
  ASSERT_EQ(parse.outcome, HelloOutcome::complete);
  EXPECT_EQ(parse.hello.consumed, bytes.size());
  expect_all(parse.hello);
}

TEST(ClientHello, AnyCutIntoRecordsIsJoined) {
  const std::string text = message(body(kExtensions));
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const std::string bytes = records(text, piece);
    std::array<char, 1024> scratch;
    const std::string input = bytes + "more";
    const auto parse = parse_client_hello(input, scratch);
    ASSERT_EQ(parse.outcome, HelloOutcome::complete) << piece;
    EXPECT_EQ(parse.hello.consumed, bytes.size());
    expect_all(parse.hello);
  }
}

TEST(ClientHello, EveryTruncationAsksForMore) {
  const std::string text = message(body(kExtensions));
  for (const std::string& bytes : {record(text), records(text, 50), records(text, 3)}) {
    std::array<char, 1024> scratch;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ASSERT_EQ(parse_client_hello(bytes.substr(0, cut), scratch).outcome, HelloOutcome::need_more) << cut;
    }
  }
}

TEST(ClientHello, TooSmallScratchIsRefused) {
  const std::string text = message(body(kExtensions));
  std::array<char, 64> scratch;
  EXPECT_EQ(parse_client_hello(records(text, 50), scratch).outcome, HelloOutcome::not_tls);
  EXPECT_EQ(parse_client_hello(records(text, 50)).outcome, HelloOutcome::not_tls);
}

TEST(ClientHello, AnotherMessageInTheSameRecord) {
  const std::string text = message(body(kExtensions));
  const std::string bytes = record(text + "tail");
  const auto parse = parse_client_hello(bytes);
  ASSERT_EQ(parse.outcome, HelloOutcome::complete);
  EXPECT_EQ(parse.hello.consumed, 5 + text.size());
}

TEST(ClientHello, WithoutExtensions) {
  const auto bytes = record(message(body("", false)));
  const auto parse = parse_client_hello(bytes);
  ASSERT_EQ(parse.outcome, HelloOutcome::complete);
  EXPECT_EQ(parse.hello.server_name(), "");
  EXPECT_EQ(parse.hello.first_alpn(), "");
  EXPECT_EQ(parse.hello.session_ticket_state(), 0);
  EXPECT_EQ(parse.hello.highest_version(), 0x0303);
}

TEST(ClientHello, MalformedExtensionsAreAsIfNotSent) {
  const auto bytes = record(message(body(extension(0, "\xff\xff"s) + extension(16, with16("\x09h2"s)) +
                                         extension(43, "\x07\x03\x04"s) + extension(35, "ticket"))));
  const auto parse = parse_client_hello(bytes);
  ASSERT_EQ(parse.outcome, HelloOutcome::complete);
  EXPECT_EQ(parse.hello.server_name(), "");
  EXPECT_EQ(parse.hello.first_alpn(), "");
  EXPECT_EQ(parse.hello.supported_versions(), "");
  EXPECT_EQ(parse.hello.session_ticket_state(), 2);
}

TEST(ClientHello, SslV2) {
  const std::string text = "\x01\x03\x01"s + u16(6) + u16(0) + u16(16) + "\0\0\x2f\x01\0\x80"s + std::string(16, 'c');
  const std::string bytes = u16(0x8000U | text.size()) + text;
  const std::string input = bytes + "x";
  const auto parse = parse_client_hello(input);
  ASSERT_EQ(parse.outcome, HelloOutcome::complete);
  EXPECT_TRUE(parse.hello.sslv2_framing);
  EXPECT_EQ(parse.hello.version, 0x0301);
  EXPECT_EQ(parse.hello.ciphers.size(), 6U);
  EXPECT_EQ(parse.hello.random, std::string(16, 'c'));
  EXPECT_EQ(parse.hello.consumed, bytes.size());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(parse_client_hello(bytes.substr(0, cut)).outcome, HelloOutcome::need_more) << cut;
  }
}

/// Hellos of `openssl s_client`, kept as fuzz corpus; tests run at the top of the source tree.
std::string captured(const std::string& name) {
  std::ifstream file("fuzz/corpus/client_hello/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ClientHello, CapturedFromOpenSsl) {
  const std::string tls13 = captured("tls13");
  ASSERT_FALSE(tls13.empty());
  const auto first = parse_client_hello(tls13);
  ASSERT_EQ(first.outcome, HelloOutcome::complete);
  EXPECT_EQ(first.hello.server_name(), "www.example.com");
  EXPECT_EQ(first.hello.version, 0x0303);
  EXPECT_EQ(first.hello.highest_version(), 0x0304);
  EXPECT_EQ(first.hello.consumed, tls13.size());

  const std::string tls12 = captured("tls12");
  const auto second = parse_client_hello(tls12);
  ASSERT_EQ(second.outcome, HelloOutcome::complete);
  EXPECT_EQ(second.hello.server_name(), "");
  EXPECT_EQ(second.hello.highest_version(), 0x0303);

  const std::string alpn = captured("alpn");
  const auto third = parse_client_hello(alpn);
  ASSERT_EQ(third.outcome, HelloOutcome::complete);
  EXPECT_EQ(third.hello.server_name(), "a.b");
  EXPECT_EQ(third.hello.alpn_list(), "\x02h2\x08http/1.1");
}

TEST(ClientHello, WhatIsNotTls) {
  const std::string good = message(body(kExtensions));
  std::string bad_version = body("");
  bad_version[0] = 2;
  const std::string cases[] = {
      "GET / HTTP/1.1\r\n",
      "\x03\x00\x00\x2b"s,                                    // RDP
      "\x17\x03\x03\x00\x01x"s,                               // application data
      "\x16\x02"s,                                            // no such major version
      "\x16\x03\x01\x00\x00"s,                                // an empty fragment
      "\x16\x03\x01\x40\x01"s,                                // longer than a record may be
      record("\x02"),                                         // a server hello
      record("\x01\x01\x00\x00"s),                            // a hello of 64 kB
      record(message(bad_version)),                           //
      record(message(good.substr(4, 20))),                    // ends inside
      record(good.substr(0, 30)) + "\x17\x03\x03\x00\x01x"s,  // interrupted by another record type
      "\x80\x20\x02"s,                                        // SSL 2, not a hello
      "\x80\x20\x01\x05"s,                                    // SSL 2, no such version
  };
  std::array<char, 1024> scratch;
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(parse_client_hello(cases[i], scratch).outcome, HelloOutcome::not_tls) << i;
  }
  // What stands behind the extensions is for the TLS stack to judge.
  EXPECT_EQ(parse_client_hello(record(message(body("") + "x"))).outcome, HelloOutcome::complete);
}

}  // namespace
}  // namespace weir::proto
