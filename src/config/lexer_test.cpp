#include "config/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "config/environment.h"

namespace weir::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Lexed {
  bool good = false;
  std::vector<std::string> words;
  Words raw;
  Diagnostics diagnostics;
};

Lexed lex(std::string_view line) {
  static const Environment environment = [] {
    Environment out;
    out.set("A", "x y  z");
    out.set("EMPTY", "");
    out.set("HOST", "10.0.0.1");
    return out;
  }();
  Lexed out;
  const auto file = out.diagnostics.add_file("t.cfg", std::string(line) + "\n");
  const LexScope scope{&environment, "t.cfg", "web"};
  out.good = lex_line(line, {.file = file, .line = 1, .column = 1}, scope, out.diagnostics, out.raw);
  for (const Word& word : out.raw) out.words.push_back(word.text);
  return out;
}

struct Row {
  std::string_view line;
  std::vector<std::string> words;
};

TEST(Lexer, CutsLinesIntoWords) {
  const Row rows[] = {
      {"", {}},
      {"  \t ", {}},
      {"# comment", {}},
      {"a b\tc", {"a", "b", "c"}},
      {"daemon#daemonize", {"daemon"}},
      {"global\r", {"global"}},
      {"a \"\" ''", {"a", "", ""}},
      {R"(log-format %{+Q}o\ %t\ %s)", {"log-format", "%{+Q}o %t %s"}},
      {R"("%{+Q}o %t"' %s'\ %{-Q}r)", {"%{+Q}o %t %s %{-Q}r"}},
      {R"(\# \\ \' \" \n \r \t \x41)", {"#", "\\", "'", "\"", "\n", "\r", "\t", "A"}},
      {R"("\"" "\#" "\\" "\x2f" "'" "#")", {"\"", "#", "\\", "/", "'", "#"}},
      {R"('a\n$HOST"#')", {R"(a\n$HOST"#)"}},
      {R"($HOST \$ "\$HOST")", {"$HOST", "$", "$HOST"}},
      {R"(^/a\.b\d$ "\q\.")", {R"(^/a\.b\d$)", R"(\q\.)"}},
      {R"(trailing\)", {R"(trailing\)"}},
      {R"("$HOST:80" "${HOST}x" "$HOST"y)", {"10.0.0.1:80", "10.0.0.1x", "10.0.0.1y"}},
      {R"("[${NONE}]" "${NONE-127.0.0.1}:5" "[${EMPTY-d}]" "${HOST-d}")", {"[]", "127.0.0.1:5", "[]", "10.0.0.1"}},
      {R"("${A[*]}" "q${A[*]}w")", {"x", "y", "z", "qx", "y", "zw"}},
      {R"("${NONE[*]}" "${A}")", {"", "x y  z"}},
      {R"("${.FILE}:${.LINE}:${.SECTION}")", {"t.cfg:1:web"}},
      {R"-(regsub(\"(foo|bar)\",blah,g))-", {R"-(regsub("(foo|bar)",blah,g))-"}},
  };
  for (const Row& row : rows) {
    const Lexed got = lex(row.line);
    EXPECT_TRUE(got.good) << row.line << "\n" << got.diagnostics.render();
    EXPECT_EQ(got.words, row.words) << row.line;
  }
}

TEST(Lexer, ReportsWhereAWordIsWrong) {
  struct Bad {
    std::string_view line, message;
    std::uint32_t column;
  };
  const Bad rows[] = {
      {" a 'abc", "quote ' is never closed", 4},
      {" a \"abc", "quote \" is never closed", 4},
      {"a \"\\x4\"", "\\x needs two hexadecimal digits", 4},
      {"a \\x00", "\\x00 cannot be part of a word", 3},
      {"a \"$\"", "no variable name", 4},
      {"a \"$1x\"", "no variable name", 4},
      {"a \"${HOST\"", "'${' is never closed", 4},
      {"a \"${HOST:x}\"", "unexpected ':' in a variable", 10},
      {"a \"${.FOO}\"", "no pseudo-variable '.FOO'", 4},
  };
  for (const Bad& row : rows) {
    const Lexed got = lex(row.line);
    EXPECT_FALSE(got.good) << row.line;
    ASSERT_EQ(got.diagnostics.all().size(), 1U) << row.line;
    EXPECT_THAT(got.diagnostics.all()[0].message, HasSubstr(row.message));
    EXPECT_EQ(got.diagnostics.all()[0].position.column, row.column) << row.line;
  }
}

TEST(Lexer, KeepsPositionsAndQuoting) {
  const Lexed got = lex("  server  \"a b\" c");
  ASSERT_EQ(got.raw.size(), 3U);
  EXPECT_EQ(got.raw[0].at.column, 3U);
  EXPECT_EQ(got.raw[1].at.column, 11U);
  EXPECT_EQ(got.raw[1].at.length, 5U);
  EXPECT_TRUE(got.raw[1].quoted);
  EXPECT_FALSE(got.raw[2].quoted);
}

TEST(Lexer, IsBounded) {
  EXPECT_FALSE(lex(std::string(kMaxLineLength + 1, 'a')).good);
  std::string many;
  for (std::size_t i = 0; i <= kMaxWords; i++) many += "a ";
  EXPECT_FALSE(lex(many).good);
  Environment environment;
  environment.set("BIG", std::string(100'000, 'x'));
  std::string line = "\"";
  for (int i = 0; i < 20; i++) line += "$BIG ";
  Diagnostics diagnostics;
  Words words;
  EXPECT_FALSE(lex_line(line + "\"", {}, {.environment = &environment}, diagnostics, words));
}

TEST(Lexer, RandomBytesNeverCrash) {
  std::mt19937 random(7);
  const std::string_view alphabet = "ab \t\\\"'$${}[]*-._#x0\n\r\x01";
  for (int i = 0; i < 20'000; i++) {
    std::string line;
    for (auto n = random() % 40; n > 0; n--) line += alphabet[random() % alphabet.size()];
    lex(line);
  }
}

TEST(Environment, SetsAsTheKeywordsSay) {
  const char* const given[] = {"A=1", "B=x=y", "A=2", "=z", "bad", nullptr};
  Environment environment(given);
  EXPECT_EQ(environment.get("A"), "1");
  EXPECT_EQ(environment.get("B"), "x=y");
  EXPECT_EQ(environment.get("bad"), std::nullopt);
  EXPECT_FALSE(environment.set_if_absent("A", "3"));
  EXPECT_TRUE(environment.set_if_absent("C", "3"));
  environment.set("A", "4");
  environment.unset("NONE");
  environment.unset("B");
  EXPECT_THAT(environment.listed(), ElementsAre("A=4", "C=3"));
  const std::string_view keep[] = {"C", "D"};
  environment.keep_only(keep);
  EXPECT_THAT(environment.listed(), ElementsAre("C=3"));
}

TEST(Environment, DefinesVariablesAndHidesLogFormats) {
  Environment environment;
  environment.define({.local_peer = "me", .config_files = "a.cfg;b.cfg", .tcp_log_format = "%ci"});
  EXPECT_EQ(environment.get("HAPROXY_BRANCH"), "3.5");
  EXPECT_EQ(environment.get("HAPROXY_TCP_LOG_FMT"), "%ci");
  EXPECT_EQ(environment.get("HAPROXY_MWORKER"), std::nullopt);
  EXPECT_THAT(environment.listed(), ElementsAre("HAPROXY_BRANCH=3.5", "HAPROXY_CFGFILES=a.cfg;b.cfg",
                                                "HAPROXY_LOCALPEER=me", "HAPROXY_STARTUP_VERSION=3.5.0"));
}

}  // namespace
}  // namespace weir::config
