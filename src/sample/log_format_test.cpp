#include "sample/log_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample/testing/fixture.h"

namespace weir::sample {
namespace {

using ::testing::HasSubstr;

constexpr LogAlias kAliases[] = {
    {.name = "ci",
     .write = [](const Context& context, FormatOutput& out) { out.address(*context.client->source); },
     .doc = "client address"},
    {.name = "cp",
     .write = [](const Context& context, FormatOutput& out) { out.hex_integer(context.client->source->port()); },
     .doc = "client port"},
    {.name = "f",
     .write = [](const Context& context, FormatOutput& out) { out.text(context.client->proxy_name); },
     .doc = "frontend"},
    {.name = "r",
     .write = [](const Context&, FormatOutput& out) { out.text("GET / \"x\"]\\"); },
     .doc = "request",
     .http_only = true},
    {.name = "s", .write = [](const Context&, FormatOutput& out) { out.text({}); }, .doc = "server"},
};
const std::span<const LogAlias> kAliasTables[] = {kAliases};

const Registry& registry() {
  static const Registry all({.fetches = sample_fetches(),
                             .converters = sample_converters(),
                             .acl_keywords = sample_acl_keywords(),
                             .log_aliases = kAliasTables});
  return all;
}

std::string format(std::string_view text, FormatOptions options = {.http = true}, std::size_t room = 256) {
  testing::Surroundings here;
  Scope scope = here.scope();
  scope.registry = &registry();
  const auto compiled = LogFormat::compile(text, options, scope, {0, 1, 1, 0}, here.diagnostics);
  EXPECT_TRUE(compiled) << here.diagnostics.render();
  if (!compiled) return "failed";
  std::string out(room, '\0');
  Context context = here.context();
  out.resize(compiled->format(context, out));
  return out;
}

constexpr LogAlias kEndAliases[] = {
    {.name = "B",
     .write = [](const Context&, FormatOutput& out) { out.text("0"); },
     .doc = "bytes, known at the end",
     .at_end = true},
    {.name = "f", .write = [](const Context&, FormatOutput& out) { out.text("fe"); }, .doc = "frontend"},
};
constexpr Fetch kEndFetches[] = {
    {.name = "sum",
     .out = Type::integer,
     .fetch =
         [](const Args&, Context&, Sample& out) {
           out = Sample::integer(0);
           return FetchStatus::ok;
         },
     .doc = "a sum, known at the end",
     .at_end = true},
};

// What decides when a line is written: as soon as nothing in it can change any more.
TEST(LogFormat, WaitsForTheEnd) {
  std::vector<std::span<const Fetch>> fetches(sample_fetches().begin(), sample_fetches().end());
  fetches.emplace_back(kEndFetches);
  const std::span<const LogAlias> aliases[] = {kEndAliases};
  const Registry known({.fetches = fetches,
                        .converters = sample_converters(),
                        .acl_keywords = sample_acl_keywords(),
                        .log_aliases = aliases});
  const struct {
    std::string_view text;
    bool waits;
  } rows[] = {
      {"", false},          {"plain B", false},
      {"%f", false},        {"%[src] %f", false},
      {"%%B", false},       {"%B", true},
      {"%f %{+Q}B", true},  {"%B %f", true},
      {"%[sum]", true},     {"%[sum,add(1)] %f", true},
      {"%[src] %f", false}, {"%[str(sum)] %f", false},
  };
  for (const auto& [text, waits] : rows) {
    SCOPED_TRACE(text);
    testing::Surroundings here;
    Scope scope = here.scope();
    scope.registry = &known;
    const auto compiled = LogFormat::compile(text, {.http = false}, scope, {0, 1, 1, 0}, here.diagnostics);
    ASSERT_TRUE(compiled) << here.diagnostics.render();
    EXPECT_EQ(compiled->waits_for_end(), waits);
  }
}

TEST(LogFormat, Formats) {
  const struct {
    std::string_view text;
    std::string_view line;
  } rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"100%%", "100%"},
      {"%ci:%cp", "192.0.2.7:40123"},
      {"%{+X}ci:%{+X}cp", "C0000207:9CBB"},
      {"%{+X}o %ci:%cp %{-X}cp", "C0000207:9CBB 40123"},
      {"a  \t b", "a b"},
      {"%s", "-"},
      {"%{+Q}s", "\"\""},
      {"%{+Q}f", "\"ft_rdp\""},
      {"%{+Q}o %f %{-Q}f", "\"ft_rdp\" ft_rdp"},
      {"%r", "GET / #22x#22]\\"},
      {"%{+E}r", "GET / \\\"x\\\"\\]\\\\"},
      {"%[src,ipmask(24)]", "192.0.2.0"},
      {"<%[str('a]b')]>", "<a]b>"},
      {"%[bin(00c3a97f23),bytes(0)]", "#00#C3#A9#7F#23"},
      {"%(key:str)[str(v)] %(:sint)cp", "v 40123"},
      {"%fx", "ft_rdpx"},
      {"%[env(WEIR_NO_SUCH_VARIABLE)]", "-"},
      {"%{+bin}o%[bin(01ff)]", "\x01\xff"},
  };
  for (const auto& row : rows) EXPECT_EQ(format(row.text), row.line) << row.text;
  EXPECT_EQ(format("a  b", {.merge_spaces = false}), "a  b");
  EXPECT_EQ(format("%[env(WEIR_NO_SUCH_VARIABLE)]|%[bin(0a23)]", {.use = FormatUse::header}), "|%0A#");
  EXPECT_EQ(format("%[bin(0a23)]", {.use = FormatUse::text}), "\n#");
}

// Manual 8.2.6, the flags json and cbor.
TEST(LogFormat, Encodes) {
  const struct {
    const char* text;
    const char* expected;
  } kCases[] = {
      {"%{+json}o %(request)r", R"({"request": "GET / \"x\"]\\"})"},
      {"%{+json}o only named ones: %ci %(ip)ci %(port)cp,%(name)f %(server)s",
       R"({"ip": "192.0.2.7", "port": 40123, "name": "ft_rdp", "server": null})"},
      {"%{+json}o %(n)[int(-5)]%(b)[bool(true)]%(c)[str(x)]", R"({"n": -5, "b": true, "c": "x"})"},
      {"%{+json}o %(d)[bin(00e9c3a9)]", "{\"d\": \"\\u0000\\u00e9\xc3\xa9\"}"},
      {"%{+json}o %(n:str)cp %(m:sint)[str(12)] %(o:sint)[str(x)] %(p:bool)[int(3)] %(q:bool)[str(true)] "
       "%(r:str)[bool(0)]",
       R"({"n": "40123", "m": 12, "o": null, "p": true, "q": true, "r": "false"})"},
      {"%(quoted \"name\"){+json}ci and %{+json}cp", R"("192.0.2.7" and 40123)"},
      {"%{+json,+X}o %(ip)ci %(port)cp", R"({"ip": "C0000207", "port": "9CBB"})"},
      {"%{+Q,+E,+json}o %(r)r", R"({"r": "GET / \"x\"]\\"})"},
      {"x %{+json}o", "{}"},
      {"%{+cbor}o %(port)cp %(f)f %(s)s", "BF64706F7274199CBB61666666745F7264706173F6FF"},
      {"%(:sint){+cbor}[str(500)] %{+cbor}[int(-500)] %{+cbor}[bool(false)] %{+cbor}[bin(0102)]",
       "1901F4 3901F3 F4 420102"},
      {"%{+cbor,+bin}o %(a)[int(1)]", "\xbf\x61\x61\x01\xff"},
      {"%{+json}o%{-json}o %ci", "192.0.2.7"},
  };
  for (const auto& row : kCases) EXPECT_EQ(format(row.text), row.expected) << row.text;
  // An object that does not fit loses members, never its end.
  EXPECT_EQ(format("%{+json}o %(ip)ci %(port)cp", {.http = true}, 21), R"({"ip": "192.0.2.7"})");
  EXPECT_EQ(format("%{+json}o %(ip)ci %(port)cp", {.http = true}, 10), "{}");
  EXPECT_EQ(format("%{+cbor}o %(ip)ci", {.http = true}, 9), "BFFF");
}

TEST(LogFormat, ValueThatDoesNotFitIsNull) {
  EXPECT_EQ(format("%{+json}ci", {.http = true}, 11), R"("192.0.2.7")");
  EXPECT_EQ(format("%{+json}ci", {.http = true}, 10), "null");
  EXPECT_EQ(format("[%{+json}ci]", {.http = true}, 11), "[null]");
  EXPECT_EQ(format("%{+cbor}cp", {.http = true}, 6), "199CBB");
  EXPECT_EQ(format("%{+cbor}cp", {.http = true}, 5), "F6");
}

TEST(LogFormat, StopsAtTheBuffersEnd) {
  for (std::size_t room = 0; room < 20; ++room) {
    EXPECT_EQ(format("%ci:%cp", {}, room), std::string_view("192.0.2.7:40123").substr(0, room));
  }
}

TEST(LogFormat, Errors) {
  const struct {
    std::string_view text;
    std::uint32_t column;
    std::string_view message;
  } rows[] = {
      {"a %zz", 3, "no log alias is named '%zz'"},
      {"a %", 3, "an alias or '[' must follow '%'"},
      {"%[scr]", 3, "no sample fetch is named 'scr'"},
      {"%[src", 2, "the expression that begins here is never closed"},
      {"%[src ]", 6, "' ' cannot stand in an expression here"},
      {"%{+Z}ci", 3, "'+Z' is no flag of a format item"},
      {"%{+Q", 2, "the flags of this item are never closed"},
      {"%(ab", 2, "the name of this item is never closed"},
      {"%(ab:int)ci", 6, "'int' is no type of a format item"},
      {"x%r", 2, "'%r' exists in HTTP mode only"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    testing::Surroundings here;
    Scope scope = here.scope();
    scope.registry = &registry();
    EXPECT_FALSE(LogFormat::compile(row.text, {}, scope, {0, 1, 1, 0}, here.diagnostics));
    ASSERT_GE(here.diagnostics.all().size(), 1U);
    EXPECT_THAT(here.diagnostics.all()[0].message, HasSubstr(std::string(row.message)));
    EXPECT_EQ(here.diagnostics.all()[0].position.column, row.column);
  }
}

}  // namespace
}  // namespace weir::sample
