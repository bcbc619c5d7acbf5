// The ring section of the configuration: what its lines give, and what is said about wrong ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "config/parser.h"
#include "log/keywords.h"

namespace weir::log {
namespace {

struct Parsed {
  Diagnostics diagnostics;
  RingSections model;
  bool good = false;
};

void parse(const std::string& text, Parsed& into) {
  const std::array<std::span<const config::SectionRow>, 1> section_tables{sections};
  const config::KeywordTable table(section_tables, keywords);
  config::Environment environment;
  config::Parser parser(table, into.diagnostics, environment);
  parser.provide(into.model);
  into.good = parser.parse_text("test.cfg", text);
}

TEST(RingSection, Everything) {
  Parsed parsed;
  parse(R"(
ring events
  description "lines for the audit"
  format rfc5424
  maxlen 1200
  size 32764
  timeout connect 5s
  timeout server 10s
  server logs 127.0.0.1:6514 log-proto octet-count
  server more unix@/run/logs
ring plain
)",
        parsed);
  EXPECT_TRUE(parsed.good) << parsed.diagnostics.render();
  EXPECT_EQ(parsed.diagnostics.warnings(), 0U) << parsed.diagnostics.render();
  ASSERT_EQ(parsed.model.rings.size(), 2U);
  const RingConfig& ring = parsed.model.rings[0];
  EXPECT_EQ(ring.name, "events");
  EXPECT_EQ(ring.description, "lines for the audit");
  EXPECT_EQ(ring.format, Format::rfc5424);
  EXPECT_EQ(ring.maxlen, 1200U);
  EXPECT_EQ(ring.size, 32764U);
  EXPECT_EQ(ring.timeout_connect, Milliseconds(5000));
  EXPECT_EQ(ring.timeout_server, Milliseconds(10000));
  ASSERT_EQ(ring.servers.size(), 2U);
  EXPECT_EQ(ring.servers[0].address, SocketAddress::ipv4(0x7f000001, 6514));
  EXPECT_TRUE(ring.servers[0].octet_count);
  EXPECT_FALSE(ring.servers[1].octet_count);
  EXPECT_EQ(parsed.model.rings[1], RingConfig{.name = "plain"});
}

TEST(RingSection, Errors) {
  const struct {
    const char* line;
    const char* message;
  } cases[] = {
      {"format xml", "xml"},
      {"maxlen 0", "maxlen"},
      {"size 0", "a ring's size"},
      {"size x", "'x'"},
      {"timeout connect soon", "'soon'"},
      {"server s", "server"},
      {"server s 127.0.0.1", "one port"},
      {"server s 127.0.0.1:1-2", "one port"},
      {"server s 127.0.0.1:1 log-proto fancy", "fancy"},
      {"server s 127.0.0.1:1 log-prot legacy", "log-prot"},
      {"server s 127.0.0.1:1 ssl", "in clear"},
      {"backing-file /x", "memory only"},
      {"balance roundrobin", "balance"},
      {"server s 127.0.0.1:1\n  server s 127.0.0.1:2", "already"},
  };
  for (const auto& one : cases) {
    Parsed parsed;
    parse("ring r\n  " + std::string(one.line) + "\n", parsed);
    EXPECT_FALSE(parsed.good) << one.line;
    ASSERT_FALSE(parsed.diagnostics.all().empty()) << one.line;
    EXPECT_THAT(parsed.diagnostics.render(), testing::HasSubstr(one.message)) << one.line;
  }
  Parsed twice;
  parse("ring r\nring r\n", twice);
  EXPECT_FALSE(twice.good);
}

TEST(RingSection, Warnings) {
  Parsed parsed;
  parse("ring r\n  size 100\n  server s 127.0.0.1:1\n", parsed);
  EXPECT_TRUE(parsed.good);
  EXPECT_EQ(parsed.diagnostics.warnings(), 2U) << parsed.diagnostics.render();
}

TEST(RingSection, EveryExampleOfARowIsRight) {
  for (const auto& table : keywords) {
    for (const config::KeywordRow& row : table) {
      if (row.status != config::KeywordStatus::works) continue;
      Parsed parsed;
      parse("ring r\n  " + std::string(row.example) + "\n", parsed);
      EXPECT_TRUE(parsed.good) << row.name << "\n" << parsed.diagnostics.render();
    }
  }
}

}  // namespace
}  // namespace weir::log
