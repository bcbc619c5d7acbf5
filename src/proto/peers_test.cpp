#include "proto/peers.h"

#include <gtest/gtest.h>

namespace weir::proto::peers {
namespace {

std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    while (hex[i] == ' ') i++;
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}
std::string hex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}
Message message(std::string_view all) {
  const MessageParse parse = parse_message(all);
  EXPECT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.consumed, all.size());
  return parse.message;
}

TEST(PeersMessages, NumbersAsThePaperHasThem) {
  struct Case {
    std::uint64_t value;
    std::string_view written;
  };
  constexpr Case kCases[] = {{0, "00"},          {0xef, "ef"},      {0xf0, "f000"},
                             {0x1234, "f49401"}, {60000, "f0971c"}, {~0ULL, "fff0fefefefefefefe0e"}};
  for (const Case& one : kCases) {
    std::string out;
    write_number(one.value, out);
    EXPECT_EQ(hex(out), one.written) << one.value;
    // A switch message holds one number: the way back.
    std::string framed = "\x0a\x83" + std::string(1, static_cast<char>(out.size())) + out;
    EXPECT_EQ(parse_table_switch(message(framed).payload), one.value);
  }
}

TEST(PeersMessages, NumbersOfMoreThanTheyMayHaveAreNone) {
  const auto number = [](std::string_view hex) {
    return parse_table_switch(
        message(bytes("0a83" + std::string(hex.size() == 20 ? "0a" : "0b")) + bytes(hex)).payload);
  };
  EXPECT_EQ(number("fff0fefefefefefefe0e"), ~0ULL);
  EXPECT_FALSE(number("fff0fefefefefefefe0f")) << "the sum wraps";
  EXPECT_FALSE(number("f080808080808080801f")) << "a digit is cut";
  EXPECT_FALSE(number("f08080808080808080800f"));
  // A length of 2^64 and 3 is no message of three bytes.
  EXPECT_EQ(parse_message(bytes("0a83f3f1fefefefefefefe0e 010203")).outcome, Outcome::invalid);
  EXPECT_FALSE(parse_definition(bytes("0103746970 04 04 f0f1fe1e 00 17 f1f1fefe7e"))) << "an array of 2^32 and 1";
}

TEST(PeersMessages, TextsThatAreNoNamesAreNone) {
  HeardTexts heard;
  const std::string longest(kMaxText, 'x');
  const std::string longer(kMaxText + 1, 'x');
  EXPECT_EQ(heard.hear({.number = 1, .text = longest, .has_text = true}), longest);
  EXPECT_EQ(heard.hear({.number = 1, .text = longer, .has_text = true}), "");
  EXPECT_EQ(heard.hear({.number = 2, .text = "a\nb", .has_text = true}), "");
  EXPECT_EQ(heard.hear({.number = 2}), "");
  Definition definition{.id = 1, .name = std::string(kMaxName + 1, 'n'), .key_type = 2, .key_length = 4};
  std::string out;
  write_definition(definition, out);
  EXPECT_FALSE(parse_definition(message(out).payload));
}

TEST(PeersMessages, Hello) {
  std::string out;
  write_hello({.to = "b", .from = "a", .process = 42}, out);
  EXPECT_EQ(out, "HAProxyS 2.1\nb\na 42 0\n");
  const std::string followed = out + "more";
  const HelloParse parse = parse_hello(followed);
  ASSERT_EQ(parse.outcome, Outcome::complete);
  EXPECT_EQ(parse.hello.to, "b");
  EXPECT_EQ(parse.hello.from, "a");
  EXPECT_EQ(parse.hello.process, 42U);
  EXPECT_EQ(parse.consumed, out.size());
  for (std::size_t cut = 0; cut < out.size(); cut++)
    EXPECT_EQ(parse_hello(out.substr(0, cut)).outcome, Outcome::need_more) << cut;
}

TEST(PeersMessages, HellosThatAreRefused) {
  struct Case {
    std::string_view said;
    Status status;
  };
  const std::string endless = "HAProxyS 2.1\n" + std::string(kMaxHello, 'x');
  const Case kCases[] = {
      {"HAProxyS 2.2\nb\na 1 0\n", Status::bad_version},
      {"HAProxyS 3.0\n", Status::bad_version},
      {"HAProxyS 2\n", Status::bad_version},
      {"GET / HTTP/1.0\r\n", Status::protocol_error},
      {"\x16\x03\x01", Status::protocol_error},
      {"HAProxyS 2.1\nb\na\n", Status::protocol_error},
      {endless, Status::protocol_error},
  };
  for (const Case& one : kCases) {
    const HelloParse parse = parse_hello(one.said);
    EXPECT_EQ(parse.outcome, Outcome::invalid) << one.said;
    EXPECT_EQ(parse.refusal, one.status) << one.said;
  }
  EXPECT_EQ(parse_hello("HAProxyS 2.0\r\nb\r\na 1 0\r\n").outcome, Outcome::complete);
}

TEST(PeersMessages, Statuses) {
  EXPECT_EQ(parse_status("200\nrest").code, 200);
  EXPECT_EQ(parse_status("200\nrest").consumed, 4U);
  EXPECT_EQ(parse_status("20").outcome, Outcome::need_more);
  EXPECT_EQ(parse_status("2000\n").outcome, Outcome::invalid);
  EXPECT_EQ(parse_status("abcdefghijklmnopqrst").outcome, Outcome::invalid);
}

// Bytes that the reference sent.
TEST(PeersMessages, TheReferencesTablesAndEntries) {
  std::string payload = bytes("050474 62696e 0706 f0f1fe6e f0971c 160317021804f8a901");
  const auto definition = parse_definition(payload);
  ASSERT_TRUE(definition);
  EXPECT_EQ(definition->name, "tbin");
  EXPECT_EQ(definition->key_type, 7U);
  EXPECT_EQ(definition->key_length, 6U);
  EXPECT_EQ(definition->expire, 60000U);
  EXPECT_EQ(definition->counts[22], 3U);
  EXPECT_EQ(definition->counts[23], 2U);
  EXPECT_EQ(definition->counts[24], 4U);
  EXPECT_EQ(definition->periods[24], 5000U);
  std::string again;
  write_definition(*definition, again);
  EXPECT_EQ(hex(message(again).payload), hex(payload));

  const auto users = parse_definition(bytes("0103746970 04 04 fdf1fe00 f0971c 03f0e203"));
  ASSERT_TRUE(users);
  const std::string said = bytes("0a85 18 800000010000e0c10a000001022af8c90003040402027332");
  Entry entry;
  ASSERT_TRUE(parse_entry(message(said), *users, entry));
  EXPECT_EQ(entry.update, 0x80000001U);
  EXPECT_EQ(entry.expires, 0xe0c1U);
  EXPECT_EQ(hex(entry.key), "0a000001");
  ASSERT_EQ(entry.cells.size(), 4U);
  EXPECT_EQ(entry.cells[0].number, 2U);
  EXPECT_EQ(entry.cells[1].number, 42U);
  EXPECT_EQ(entry.cells[2].current, 3U);
  EXPECT_EQ(entry.cells[2].previous, 4U);
  EXPECT_EQ(entry.cells[3].number, 2U);
  EXPECT_EQ(entry.cells[3].text, "s2");
  std::string out;
  write_entry(entry, *users, out);
  EXPECT_EQ(hex(out), hex(said));
  for (std::size_t cut = 0; cut < said.size(); cut++)
    EXPECT_EQ(parse_message(std::string_view(said).substr(0, cut)).outcome, Outcome::need_more) << cut;
}

TEST(PeersMessages, PartsStandBehindWhatTheProtocolKnows) {
  Definition definition{.id = 3, .name = "t", .key_type = 2, .key_length = 4, .columns = 0b101};
  definition.counts[0] = definition.counts[2] = 1;
  definition.parts_of = 77;
  std::string out;
  write_definition(definition, out);
  const auto read = parse_definition(message(out).payload);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->parts_of, 77U);
  Entry entry{.update = 9, .key = "abcd", .cells = {{.number = 1}, {.number = 30}}, .parts = {{.number = 10}}};
  out.clear();
  write_entry(entry, definition, out);
  Entry heard;
  ASSERT_TRUE(parse_entry(message(out), *read, heard));
  EXPECT_EQ(heard.cells, entry.cells);
  EXPECT_EQ(heard.parts, entry.parts);
  Definition plain = *read;  // who does not know of parts skips them
  plain.parts_of = 0;
  ASSERT_TRUE(parse_entry(message(out), plain, heard));
  EXPECT_EQ(heard.cells, entry.cells);
  EXPECT_TRUE(heard.parts.empty());
}

TEST(PeersMessages, WhatASenderKnowsIsANumber) {
  Definition definition{.id = 3, .name = "t", .key_type = 2, .key_length = 4, .columns = 0b101};
  definition.counts[0] = definition.counts[2] = 1;
  for (const std::uint64_t parts : {std::uint64_t{0}, std::uint64_t{77}}) {
    definition.parts_of = parts;
    definition.knows_as = 12345678901234567;
    std::string out;
    write_definition(definition, out);
    const auto read = parse_definition(message(out).payload);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->parts_of, parts);
    EXPECT_EQ(read->knows_as, definition.knows_as);
    const std::string_view payload = message(out).payload;
    const auto cut = parse_definition(payload.substr(0, payload.size() - 3));
    ASSERT_TRUE(cut) << "a field that is cut is somebody else's";
    EXPECT_EQ(cut->knows_as, 0U);
  }
}

TEST(PeersMessages, WhatIsNoMessage) {
  struct Case {
    std::string_view said;
    Complaint complaint;
  };
  constexpr Case kCases[] = {{"ff01", Complaint::protocol},
                             {"0a80ffffff7f", Complaint::size},
                             {"0a80ffffffffffffffffffffffff", Complaint::protocol}};
  for (const Case& one : kCases) {
    const MessageParse parse = parse_message(bytes(one.said));
    EXPECT_EQ(parse.outcome, Outcome::invalid) << one.said;
    EXPECT_EQ(parse.complaint, one.complaint) << one.said;
  }
  for (const std::string_view bad : {"01", "010004", "0103746970", "01037469700404", "01 03746970 04 04 08 00 04"})
    EXPECT_FALSE(parse_definition(bytes(bad))) << bad;
  EXPECT_FALSE(parse_acknowledgement(bytes("0900")));
  EXPECT_EQ(parse_acknowledgement(bytes("070000000a"))->update, 10U);
}

TEST(PeersMessages, TextsAreToldOnceAndForgottenInTurn) {
  ToldTexts told;
  HeardTexts heard;
  EXPECT_EQ(told.tell("").number, 0U);
  const Cell first = told.tell("s1");
  EXPECT_TRUE(first.has_text);
  EXPECT_EQ(heard.hear(first), "s1");
  const Cell second = told.tell("s1");
  EXPECT_FALSE(second.has_text);
  EXPECT_EQ(heard.hear(second), "s1");
  for (std::size_t i = 0; i < kDictionary; i++) {
    const std::string name = "x" + std::to_string(i);
    EXPECT_EQ(heard.hear(told.tell(name)), name);
  }
  EXPECT_TRUE(told.tell("s1").has_text);
  EXPECT_EQ(heard.hear({.number = kDictionary + 1}), "");
}

}  // namespace
}  // namespace weir::proto::peers
