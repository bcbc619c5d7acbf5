#include "proto/mqtt.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::mqtt {
namespace {

using namespace std::string_literals;

std::string text(const std::string& value) { return std::string{'\0', static_cast<char>(value.size())} + value; }
std::string packet(char first, const std::string& body) {
  return first + std::string(1, static_cast<char>(body.size())) + body;
}
std::string connect(const std::string& name, char version, char flags, const std::string& rest) {
  return packet('\x10', text(name) + version + flags + "\x00\x3c"s + rest);
}
const std::string kProperties = "\x08"s + "\x11\x00\x00\x00\x05"s + "\x21\x00\x09"s;
const std::string kAll =
    connect("MQTT", 5, '\xc6',
            kProperties + text("cid") + "\x02\x01\x01"s + text("wt") + text("wp") + text("user") + text("pw"));

TEST(Mqtt, AConnectOfVersionFive) {
  const Parse parse = parse_first_packet(kAll);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.packet.protocol_name, "MQTT");
  EXPECT_EQ(parse.packet.version, 5);
  EXPECT_EQ(parse.packet.flags, 0xc6);
  EXPECT_EQ(parse.packet.keepalive, 60);
  EXPECT_EQ(parse.packet.client_identifier, "cid");
  EXPECT_EQ(parse.packet.will_topic, "wt");
  EXPECT_EQ(parse.packet.will_payload, "wp");
  EXPECT_EQ(parse.packet.username, "user");
  EXPECT_EQ(parse.packet.password, "pw");
  EXPECT_EQ(find_property(parse.packet.properties, 17)->number, 5U);
  EXPECT_EQ(find_property(parse.packet.properties, 33)->number, 9U);
  EXPECT_FALSE(find_property(parse.packet.properties, 39));
  EXPECT_EQ(find_property(parse.packet.will_properties, 1)->number, 1U);
}

TEST(Mqtt, EveryPrefixAsksForMore) {
  for (std::size_t cut = 0; cut < kAll.size(); ++cut)
    EXPECT_EQ(parse_first_packet(std::string_view(kAll).substr(0, cut)).outcome, Outcome::need_more) << cut;
  EXPECT_EQ(parse_first_packet(kAll + "more").outcome, Outcome::complete);
}

TEST(Mqtt, OlderVersionsAndAnswers) {
  EXPECT_EQ(parse_first_packet(connect("MQTT", 4, 0, text("c"))).packet.version, 4);
  EXPECT_EQ(parse_first_packet(connect("MQIsdp", 3, 0, text("c"))).packet.version, 3);
  const std::string old_bytes = "\x20\x02\x01\x05"s;  // what is parsed borrows from it
  const Parse old = parse_first_packet(old_bytes);
  EXPECT_EQ(old.packet.version, 4);
  EXPECT_EQ(old.packet.flags, 1);
  EXPECT_EQ(old.packet.reason_code, 5);
  const std::string five_bytes = "\x20\x0c\x00\x00\x09\x21\x00\x09\x12\x00\x03"s + "abc";
  const Parse five = parse_first_packet(five_bytes);
  ASSERT_EQ(five.outcome, Outcome::complete);
  EXPECT_EQ(five.packet.version, 5);
  EXPECT_EQ(find_property(five.packet.properties, 18)->bytes, "abc");
}

TEST(Mqtt, WhatIsNone) {
  for (const std::string& bad :
       {"GET / HTTP/1.1"s, "\x30\x00"s, "\x11\x02"s, "\x10\xff\xff\xff\xff\x01"s, connect("MQTT", 6, 0, text("c")),
        connect("MQTT", 4, 1, text("c")), connect("MQIsdp", 4, 0, text("c")), connect("MQTT", 4, 0, text("c") + "x"),
        connect("MQTT", 4, 0x10, text("c")), connect("MQTT", 5, 0, "\x02\x12\x00"s + text("c")), "\x20\x02\x02\x00"s})
    EXPECT_EQ(parse_first_packet(bad).outcome, Outcome::invalid);
}

}  // namespace
}  // namespace weir::proto::mqtt
