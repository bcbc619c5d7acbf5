#include "stick/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "config/parser.h"
#include "sample/testing/fixture.h"
#include "stick/show.h"

namespace weir::stick {
namespace {

using ::testing::HasSubstr;
namespace in = config::in;

// A language of two lines, as proxies have them.
struct Section {
  std::optional<TableConfig> table;
  std::vector<StickRule> rules;
};

void table_line(config::ParseContext& context, const config::Line& line) {
  context.target<Section>().table = parse_table(context, line, "bk_rdp");
}
void stick_line(config::ParseContext& context, const config::Line& line) {
  const sample::Scope request{.registry = &sample::testing::registry(),
                              .available = sample::Facts::client | sample::Facts::request_bytes};
  const sample::Scope response{
      .registry = &sample::testing::registry(),
      .available = sample::Facts::client | sample::Facts::request_bytes | sample::Facts::response_bytes};
  if (auto rule = parse_stick_rule(context, line, {}, request, response))
    context.target<Section>().rules.push_back(std::move(*rule));
}
config::Target open(config::ParseContext& context) { return config::Target::of(context.model<Section>()); }

constexpr config::SectionRow kSections[] = {{.name = "backend",
                                             .kind = config::SectionKind::backend,
                                             .naming = config::Naming::required,
                                             .open = open,
                                             .doc = "b",
                                             .example = "backend b"}};
constexpr config::KeywordRow kRows[] = {
    {.name = "stick",
     .sections = in::backend,
     .max_args = config::kAnyArgs,
     .parse = stick_line,
     .doc = "s",
     .example = "stick on src"},
    {.name = "stick-table",
     .sections = in::backend,
     .max_args = config::kAnyArgs,
     .parse = table_line,
     .doc = "t",
     .example = "stick-table type string len 32 size 10k expire 8h"},
};

struct Parsed {
  Section section;
  Diagnostics diagnostics;
  explicit Parsed(std::string_view line) {
    const std::span<const config::SectionRow> sections[] = {kSections};
    const std::span<const config::KeywordRow> keywords[] = {kRows};
    const config::KeywordTable table(sections, keywords);
    config::Environment environment;
    config::Parser parser(table, diagnostics, environment);
    parser.provide(section);
    parser.parse_text("t.cfg", "backend b\n  " + std::string(line) + "\n");
  }
  [[nodiscard]] std::string said() const { return diagnostics.render(); }
};

TEST(TableLine, TheArticlesTable) {
  const Parsed parsed("stick-table type string len 32 size 10k expire 8h peers aloha");
  ASSERT_TRUE(parsed.section.table) << parsed.said();
  const TableConfig& table = *parsed.section.table;
  EXPECT_EQ(table.type, KeyType::string);
  EXPECT_EQ(table.key_length, 32U);
  EXPECT_EQ(table.size, 10240U);
  EXPECT_EQ(table.expire, Milliseconds(8 * 3600 * 1000));
  EXPECT_EQ(table.peers, "aloha");
  EXPECT_TRUE(table.columns.empty());
}

TEST(TableLine, AllArgumentsInAnyOrder) {
  const Parsed parsed(
      "stick-table size 1m store gpc(3),conn_rate(30s) nopurge type ipv6 recv-only srvkey addr expire 30 write-to x "
      "brates-factor 8 store server_id,gpc_rate(3,10s)");
  ASSERT_TRUE(parsed.section.table) << parsed.said();
  const TableConfig& table = *parsed.section.table;
  EXPECT_EQ(table.key_length, 16U);
  EXPECT_EQ(table.expire, Milliseconds(30));
  EXPECT_TRUE(table.nopurge && table.recv_only && table.server_key_is_address);
  EXPECT_EQ(table.write_to, "x");
  EXPECT_EQ(table.bytes_rate_factor, 8U);
  const std::vector<Column> wanted = {{DataType::server_id, 1, 0},
                                      {DataType::conn_rate, 1, 30'000},
                                      {DataType::gpc, 3, 0},
                                      {DataType::gpc_rate, 3, 10'000}};
  EXPECT_EQ(table.columns, wanted);
}

TEST(TableLine, WrongOnesSayWhatIsWrongAndWhere) {
  struct Case {
    std::string_view arguments;
    std::string_view said;
    std::string_view place = "t.cfg:2:";
  };
  constexpr Case kCases[] = {
      {"size 1k", "the type of keys is missing", "t.cfg:2:22"},
      {"type ip", "the number of entries is missing", "t.cfg:2:22"},
      {"type ip size 0", "a table has 1 to 4294967295 entries, not 0", "t.cfg:2:28"},
      {"type ip size 5g", "a table has 1 to 4294967295 entries"},
      {"type ip size many", "the number of entries 'many' is no size"},
      {"type strng size 1k", "did you mean 'string'?", "t.cfg:2:20"},
      {"type ip len 3 size 1k", "'len' follows 'type string' or 'type binary'", "t.cfg:2:23"},
      {"type string len 0 size 1k", "the length of keys '0'"},
      {"type ip size 1k expires 3m", "did you mean 'expire'?"},
      {"type ip size 1k expire 25d", "the expiration delay '25d' is no time"},
      {"type ip size 1k store gpc0 gpc1", "what a table stores is one word with commas"},
      {"type ip size 1k store gpc0,con_rate(3s)", "did you mean 'conn_rate'?", "t.cfg:2:42"},
      {"type ip size 1k store conn_rate", "'conn_rate' needs a period"},
      {"type ip size 1k store conn_rate(x)", "'x' is no period of 'conn_rate'"},
      {"type ip size 1k store conn_rate(0)", "'0' is no period of 'conn_rate'"},
      {"type ip size 1k store conn_rate(1s", "the parenthesis of 'conn_rate' is not closed"},
      {"type ip size 1k store gpc0(3)", "'gpc0' takes no argument"},
      {"type ip size 1k store gpc", "'gpc' needs a number of elements"},
      {"type ip size 1k store gpc(101)", "'gpc' has 1 to 100 elements"},
      {"type ip size 1k store gpc_rate(3)", "'gpc_rate' has 1 to 100 elements and a period"},
      {"type ip size 1k store gpc(2),gpc0", "'gpc0' and 'gpc' cannot be stored in one table"},
      {"type ip size 1k store gpt0 store gpt(2)", "'gpt' and 'gpt0' cannot be stored in one table"},
      {"type ip size 1k store gpc0,gpc0", "'gpc0' is stored already"},
      {"type ip size 1k nopurge", "takes no new entry ever"},
      {"type ip size 1k srvkey id", "'id' is no way to name a server"},
      {"type ip size 1k brates-factor 0", "the factor of byte rates '0'"},
      {"type ip size 1k peers", "the name of a peers section is missing"},
  };
  for (const Case& one : kCases) {
    const Parsed parsed("stick-table " + std::string(one.arguments));
    EXPECT_THAT(parsed.said(), HasSubstr(one.said)) << one.arguments;
    EXPECT_THAT(parsed.said(), HasSubstr(one.place)) << one.arguments;
  }
}

TEST(StickLine, Kinds) {
  struct Case {
    std::string_view line;
    bool match, store;
    StickRule::Kind kind;
    std::string_view table;
    std::string_view condition;
  };
  constexpr Case kCases[] = {
      {"stick on rdp_cookie(mstshash)", true, true, StickRule::Kind::match, "", ""},
      {"stick match src table other if TRUE", true, false, StickRule::Kind::match, "other", "if TRUE"},
      {"stick store-request src unless FALSE", false, true, StickRule::Kind::store_request, "", "unless FALSE"},
      {"stick store-response payload(0,4)", false, true, StickRule::Kind::store_response, "", ""},
  };
  for (const Case& one : kCases) {
    const Parsed parsed(one.line);
    ASSERT_EQ(parsed.section.rules.size(), 1U) << parsed.said();
    const StickRule& rule = parsed.section.rules[0];
    EXPECT_EQ(rule.match, one.match) << one.line;
    EXPECT_EQ(rule.store, one.store) << one.line;
    EXPECT_EQ(rule.kind, one.kind) << one.line;
    EXPECT_EQ(rule.table, one.table);
    EXPECT_EQ(rule.condition.text(), one.condition);
  }
}

TEST(StickLine, WrongOnes) {
  struct Case {
    std::string_view line;
    std::string_view said;
  };
  constexpr Case kCases[] = {
      {"stick", "kind of stick rule is missing"},
      {"stick onn src", "did you mean 'on'?"},
      {"stick on", "an expression that gives the key is missing"},
      {"stick on nothing", "nothing"},
      {"stick on src table", "the name of a table is missing"},
      {"stick on src foo", "unexpected word 'foo'"},
      {"stick on src if", "if"},
      {"stick match res.payload(0,4)", "server"},
  };
  for (const Case& one : kCases) {
    const Parsed parsed(one.line);
    EXPECT_TRUE(parsed.section.rules.empty()) << one.line;
    EXPECT_THAT(parsed.said(), HasSubstr(one.said)) << one.line;
  }
}

TableConfig keyed(KeyType type, std::uint32_t length) {
  TableConfig config;
  config.name = "t";
  config.type = type;
  config.key_length = length;
  config.size = 10;
  return config;
}

TEST(Keys, SamplesBecomeTheTablesBytes) {
  sample::Arena arena;
  const auto key = [&](KeyType type, const sample::Sample& sample) {
    const auto found = table_key(keyed(type, 32), sample, arena);
    return found ? std::string(*found) : std::string("none");
  };
  const auto four = sample::Sample::ipv4(0x0a000001);
  const auto mapped = sample::Sample::ipv6(sample::mapped_ipv6(0x0a000001));
  in6_addr six{};
  six.s6_addr[0] = 0x20;
  six.s6_addr[1] = 1;
  EXPECT_EQ(key(KeyType::ipv4, four), std::string("\x0a\0\0\1", 4));
  EXPECT_EQ(key(KeyType::ipv4, mapped), std::string("\x0a\0\0\1", 4));
  EXPECT_EQ(key(KeyType::ipv4, sample::Sample::ipv6(six)), "none");
  EXPECT_EQ(key(KeyType::ipv6, four), std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16));
  EXPECT_EQ(key(KeyType::ipv6, sample::Sample::ipv6(six)).size(), 16U);
  EXPECT_EQ(key(KeyType::string, four), "10.0.0.1");
  EXPECT_EQ(key(KeyType::string, sample::Sample::string("bob")), "bob");
  EXPECT_EQ(key(KeyType::string, sample::Sample::string({"a\0b", 3})), "a");
  EXPECT_EQ(key(KeyType::string, sample::Sample::string("")), "none");
  EXPECT_EQ(key(KeyType::binary, sample::Sample::binary({"a\0b", 3})), std::string("a\0b", 3));
  const std::uint32_t number = 42;
  EXPECT_EQ(key(KeyType::integer, sample::Sample::integer(42)),
            std::string(reinterpret_cast<const char*>(&number), sizeof number));
}

TEST(Keys, TextAndBack) {
  struct Case {
    KeyType type;
    std::uint32_t length;
    std::string_view typed, shown;
  };
  constexpr Case kCases[] = {
      {KeyType::ipv4, 4, "10.0.0.1", "10.0.0.1"},
      {KeyType::ipv6, 16, "2001:DB8::1", "2001:db8::1"},
      {KeyType::integer, 4, "4294967295", "4294967295"},
      {KeyType::string, 3, "abcd", "abc"},
      {KeyType::string, 32, "a b=c\\\t\x7f", "a\\ b\\=c\\\\\\t\\x7F"},
      {KeyType::binary, 4, "6162", "61620000"},
  };
  for (const Case& one : kCases) {
    const auto key = key_from_text(keyed(one.type, one.length), one.typed);
    ASSERT_TRUE(key) << one.typed;
    std::string shown;
    write_key(keyed(one.type, one.length), *key, shown);
    EXPECT_EQ(shown, one.shown);
  }
  for (const std::string_view wrong : {"10.0.0.300", "::1", "x", ""})
    EXPECT_FALSE(key_from_text(keyed(KeyType::ipv4, 4), wrong)) << wrong;
  for (const std::string_view wrong : {"4294967296", "-1", "12a", ""})
    EXPECT_FALSE(key_from_text(keyed(KeyType::integer, 4), wrong)) << wrong;
}

TEST(Tables, NamesAreCheckedWhenAllAreKnown) {
  TableConfig a = keyed(KeyType::string, 32), b = keyed(KeyType::string, 16), c = keyed(KeyType::string, 32);
  a.name = "aa";
  b.name = "bb";
  c.name = "cc";
  const TableConfig* all[] = {&a, &b, &c};
  const std::string_view peers[] = {"aloha"};
  const auto said = [&] {
    Diagnostics diagnostics;
    return check_tables(all, peers, diagnostics) ? std::string("good") : diagnostics.render();
  };
  a.write_to = "cc";
  b.peers = "aloha";
  EXPECT_EQ(said(), "good");
  a.write_to = "bb";
  EXPECT_THAT(said(), HasSubstr("are of another type or length"));
  a.write_to = "aa";
  EXPECT_THAT(said(), HasSubstr("cannot be written to itself"));
  a.write_to = "dd";
  EXPECT_THAT(said(), HasSubstr("there is no table 'dd'"));
  a.write_to.clear();
  b.peers = "alooha";
  EXPECT_THAT(said(), HasSubstr("there is no peers section 'alooha'"));
  b.peers.clear();
  c.name = "aa";
  EXPECT_NE(said(), "good");
}

TEST(Tables, ARulesKeyMustFit) {
  const Parsed parsed("stick on rdp_cookie(mstshash)");
  ASSERT_EQ(parsed.section.rules.size(), 1U) << parsed.said();
  Diagnostics diagnostics;
  EXPECT_TRUE(check_rule(parsed.section.rules[0], keyed(KeyType::string, 32), diagnostics));
  TableConfig table = keyed(KeyType::string, 32);
  table.columns = {{DataType::gpc0}};
  store_server_id(table);
  store_server_id(table);
  ASSERT_EQ(table.columns.size(), 3U);
  EXPECT_EQ(table.columns[0].type, DataType::server_id);
  EXPECT_EQ(table.columns[2].type, DataType::server_key);
}

}  // namespace
}  // namespace weir::stick
