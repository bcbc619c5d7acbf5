// The index says what a walk through the expressions says: nothing that matches is lost by the prefilter.
#include "sample/regex_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>

#include "sample/regex_weight.h"

namespace weir::sample {
namespace {

using namespace std::string_view_literals;
using Expressions = std::vector<RegexIndex::Expression>;

void add(Expressions& all, std::string_view pattern, bool ignore_case = false) {
  auto regex = Regex::compile(pattern, ignore_case);
  ASSERT_TRUE(regex) << regex.error().message;
  all.push_back({pattern, ignore_case, std::move(*regex)});
}

Expressions compiled(std::span<const std::string_view> patterns, bool ignore_case = false) {
  Expressions all;
  for (const std::string_view pattern : patterns) add(all, pattern, ignore_case);
  return all;
}

std::uint32_t walk(const Expressions& all, std::string_view text) {
  for (std::uint32_t i = 0; i < all.size(); ++i)
    if (all[i].regex.matches(text)) return i;
  return RegexIndex::kNone;
}

void expect_the_walk(const Expressions& all, const RegexIndex& index, std::string_view text) {
  EXPECT_EQ(index.first_in(text), walk(all, text)) << text;
  EXPECT_EQ(index.is_any_in(text), walk(all, text) != RegexIndex::kNone) << text;
}

/// Enough others, which never match, to make an index of one.
Expressions alone(std::string_view pattern, bool ignore_case) {
  static std::vector<std::string> others = [] {
    std::vector<std::string> made;
    for (std::size_t i = 0; i <= RegexIndex::kFew; ++i) made.push_back(fmt::format("never-{}-this$", i));
    return made;
  }();
  Expressions all;
  for (const std::string& other : others) add(all, other);
  add(all, pattern, ignore_case);
  return all;
}

// What the two libraries could read in different ways: each on texts that tell.
constexpr std::string_view kForms[] = {
    "",
    "a*",
    "^$",
    "$",
    "^",
    "\\b",
    "\\B",
    "\\bx?",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(?<!a)b",
    ".",
    "^.$",
    "a.b",
    "a$",
    "a\\z",
    "a\\Z",
    "\\Aa",
    "a\\n",
    "^a|b$",
    "(?i)a",
    "(?s)a.b",
    "(?m)^b$",
    "(?-i)a",
    "a(?i)b",
    "(?i:a)b",
    "\\s",
    "\\S",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\h",
    "\\H",
    "\\v",
    "\\V",
    "\\N",
    "\\R",
    "\\x41",
    "\\x{41}",
    "\\xff",
    "\\101",
    "\\e",
    "\\f",
    "\\t",
    "\\a",
    "\\r",
    "[[:space:]]",
    "[[:punct:]]",
    "[[:print:]]",
    "[[:word:]]",
    "[^[:alnum:]]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[\\d-z]",
    "[\\h]",
    "[^\\v]",
    "[\\b]",
    "[a\\]b]",
    "a{2}",
    "a{2,}b",
    "a{1,3}$",
    "a{,3}b",
    "a{x}",
    "a{",
    "x{2}{2}",
    "(a)\\1",
    "(a|b)\\1c",
    "(?>a+)ab",
    "a++b",
    "a*?b",
    "(?:a|ab)c$",
    "(?<n>a)b",
    "(?P<n>a)b",
    "(a)(?(1)b|c)",
    "(?|a|b)c",
    "(?R)?a",
    "a(?#note)b",
    "(?x)a b",
    "(?xx)[^ a]b",
    "\\Qa.b\\E",
    "a\\Kb",
    "\\Ga",
    "\\X",
    "(*ANYCRLF)a.b",
    "(*LF)^a",
    "[a-c]+[0-9]{2}$",
    "(?:^|/)a",
    "\\.\\./",
    "%00",
    "\\x00",
    "a\\0b",
    "[\\x80-\\xff]",
    "(?i)k",
    "(?i)[^k]",
    "\\cA",
    "\\o{101}",
    "(?U)a+b",
    "(?J)a",
    "[[:<:]]a",
    "(?=.*a)(?=.*b)c",
    "^(?!.*a).*b",
};

TEST(RegexIndex, no_form_is_lost_on_any_text) {
  std::vector<std::string> texts = {"",     "a",    "ab",  "ba",           "a\n",    "a\r\n", "\na",  "a\nb",  "a\rb",
                                    "aab",  "aaab", "a.b", "axb",          "a{,3}b", "a{x}",  "a{",   "xxxx",  "aa",
                                    "abac", "ac",   "bc",  "/a",           "x/a",    "../",   "%00",  "abc12", "ABC12",
                                    "a b",  "cab",  "bac", "never-3-this", "A\nB",   "\n",    "\n\n", "b\n",   "a\n\n"};
  for (int byte = 0; byte < 256; ++byte) {
    texts.push_back(std::string(1, static_cast<char>(byte)));
    texts.push_back(std::string("a") + static_cast<char>(byte) + "b");
  }
  for (const std::string_view form : kForms) {
    for (const bool ignore_case : {false, true}) {
      if (!Regex::compile(form, ignore_case)) continue;  // this PCRE2 does not have it
      const Expressions all = alone(form, ignore_case);
      const auto index = RegexIndex::build(all);
      ASSERT_NE(index, nullptr) << form;
      for (const std::string& text : texts)
        ASSERT_EQ(index->first_in(text), walk(all, text)) << form << " on " << testing::PrintToString(text);
    }
  }
}

TEST(RegexIndex, is_the_walk_for_random_expressions_and_texts) {
  std::mt19937 random(7);
  constexpr std::string_view kPieces[] = {"a",   "b",      "c",     "ab",    ".",   "[ab]",  "[^a]",
                                          "a*",  "b+?",    "c?",    "^",     "$",   "(a|b)", "(?:ab|c)+",
                                          "\\b", "b{2,3}", "(?=a)", "(?!b)", "\\n", "(a)\\1"};
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> held;
    for (std::size_t count = 30 + random() % 60; held.size() < count;) {
      std::string one;
      for (std::size_t pieces = 3 + random() % 6; pieces != 0; --pieces) {
        const std::string_view piece = kPieces[random() % std::size(kPieces)];
        one += one.contains("(a") && piece == "(a)\\1" ? "a" : piece;
        if (random() % 12 == 0) one += '|';
      }
      if (Regex::compile(one, false)) held.push_back(std::move(one));
    }
    Expressions all;
    for (const std::string& one : held) add(all, one, random() % 2 != 0);
    const auto index = RegexIndex::build(all);
    ASSERT_NE(index, nullptr);
    for (int i = 0; i < 200; ++i) {
      std::string text(random() % 12, ' ');
      for (char& c : text) c = "abcABxd\n\0/"[random() % 10];
      expect_the_walk(all, *index, text);
    }
  }
}

TEST(RegexIndex, asks_what_the_library_does_not_take) {
  Expressions all = alone("(?|x|y)z", false);
  add(all, "a\0b"sv);
  add(all, "(a+)\\Kb\\R");
  const auto index = RegexIndex::build(all);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->always_asked(), 3U);
  for (const std::string_view text : {"yz"sv, "a\0b"sv, "aab\r\n"sv, "never-2-this, yz"sv, "never-2-this"sv, "z"sv})
    expect_the_walk(all, *index, text);
}

TEST(RegexIndex, is_not_made_of_few) {
  const std::vector<std::string_view> few(RegexIndex::kFew, "abc");
  EXPECT_EQ(RegexIndex::build(compiled(few)), nullptr);
  const std::vector<std::string_view> not_taken(100, "a\\Kb");
  EXPECT_EQ(RegexIndex::build(compiled(not_taken)), nullptr);
}

// Each of these keeps the library busy for minutes, or has made an automaton of many megabytes.
TEST(RegexIndex, what_would_take_too_long_to_compile_is_asked) {
  std::string nested = "x";
  for (int i = 0; i < 32; ++i) nested = fmt::format("({}|y{}.{{0,9}})*z", nested, i);
  Expressions all = alone(nested, false);
  add(all, "((a|b|c)*(d|e|f)*){300}g");
  add(all, "(.{1,200}a.{1,200}b){1,10}c");
  const auto index = RegexIndex::build(all);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->always_asked(), 3U);
  expect_the_walk(all, *index, "y3 zz");
  const std::vector<std::string_view> heavy(600, ".{200}a");
  const Expressions many = compiled(heavy);
  const auto part = RegexIndex::build(many);
  ASSERT_NE(part, nullptr);
  EXPECT_GT(part->always_asked(), 300U);
}

TEST(RegexIndex, every_thread_has_scratch_for_databases_that_come_later) {
  Expressions small = alone("a[bc]d", false);
  std::vector<std::string> held;
  for (int i = 0; i < 300; ++i) held.push_back(fmt::format("w{}.*x{}[a-z]+{}", i, i * 7, i));
  Expressions large;
  for (const std::string& one : held) add(large, one);
  std::unique_ptr<const RegexIndex> first = RegexIndex::build(small);
  EXPECT_TRUE(first->is_any_in("abd"));
  const auto second = RegexIndex::build(large);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        expect_the_walk(large, *second, fmt::format("w{0}..x{1}abc{0}", round, round * 7));
        expect_the_walk(small, *first, round % 2 ? "acd" : "aed");
      }
    });
  for (std::thread& thread : threads) thread.join();
  expect_the_walk(large, *second, "w9 x63z9");
}

TEST(RegexWeight, grows_with_what_is_repeated) {
  constexpr std::uint64_t kMost = 100'000;
  const struct {
    std::string_view pattern;
    std::optional<std::uint64_t> weight;
  } rows[] = {
      {"", 0},         {"abc", 3},          {"a|b", 2},         {"[a-z\\]]x", 2},
      {"[]x]", 1},     {"[[:alpha:]_]", 1}, {"a*", 17},         {"a?", 1},
      {"a+?", 17},     {"a{40}", 140},      {"a{2,}b", 19},     {"(ab)*", 6},
      {"(ab){3}", 42}, {"((ab)*)*", 10},    {"(?i)ab", 2},      {"(?i:ab)", 2},
      {"(?<!ab)c", 3}, {"(?>a)", 1},        {"a{1000000}", {}}, {"((a{99}){99}){99}", {}},
      {"(?x)a", {}},   {"(?P<n>a)", {}},    {"(*LF)a", {}},     {"a{,2}", {}},
      {"\\Qa\\E", {}}, {"\\", {}},          {"[", {}},          {"(", {}},
      {")", {}},       {"[[:", {}},         {"a\0"sv, {}},      {"a{99999999999999999999}", {}},
      {"(?", {}},      {"a{", {}},          {"[[.a.]]", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(regex_weight(row.pattern, kMost), row.weight) << row.pattern;
  EXPECT_EQ(regex_weight(std::string(40, '(') + std::string(40, ')'), kMost), std::nullopt);
  EXPECT_EQ(regex_weight("abc", 2), std::nullopt);
}

}  // namespace
}  // namespace weir::sample
