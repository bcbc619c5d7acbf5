#include "config/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace weir::config {
namespace {

using ::testing::HasSubstr;

constexpr Feature kFeatures[] = {{"OPENSSL", true}, {"QUIC", false}};
constexpr Feature kOptions[] = {{"EPOLL", true}, {"SPLICE", false}};
const ConditionFacts kFacts{.version = "3.5.0",
                            .features = kFeatures,
                            .options = kOptions,
                            .openssl_version = "3.0.15",
                            .ssl_library_name = "OpenSSL 3.0.15 3 Sep 2024"};

Environment environment() {
  Environment out;
  out.set("SET", "");
  return out;
}

TEST(Condition, Evaluates) {
  const std::pair<std::string_view, bool> rows[] = {
      {"", false},
      {"  ", false},
      {"0", false},
      {"00", false},
      {"1", true},
      {"-1", true},
      {"!0", true},
      {"!!0", false},
      {"! ! (1)", true},
      {" ( 1 && !0 ) ", true},
      {"1 && 0 || 1", true},
      {"0 && 1 || 0", false},
      {"1 || 1 && 0", true},
      {"(1 || 1) && 0", false},
      {"!(1&&1)", false},
      {"defined(SET)", true},
      {"defined( SET)", false},
      {"defined(NONE)", false},
      {"feature(OPENSSL)", true},
      {"feature(QUIC)", false},
      {"feature(NEVER_HEARD)", false},
      {"enabled(EPOLL) && !enabled(SPLICE)", true},
      {"streq(a,a)", true},
      {"streq(0, 0)", false},
      {"streq(\"a,b\",'a,b')", true},
      {"streq(a\\,b,\"a,b\")", true},
      {"streq(,)", true},
      {"strneq(a,b)", true},
      {"strstr(haystack,sta)", true},
      {"strstr(sta,haystack)", false},
      {"version_atleast(2.4-dev19)", true},
      {"version_atleast(3.5)", true},
      {"version_atleast(3.5.1)", false},
      {"version_before(3.6-dev1)", true},
      {"version_before(3.5)", false},
      {"openssl_version_atleast(1.1.1)", true},
      {"openssl_version_before(3.5.0)", true},
      {"ssllib_name_startswith(OpenSSL)", true},
      {"awslc_api_atleast(35)", false},
      {"awslc_api_before(26)", false},
      {"fips_mode()", false},
  };
  for (const auto& [text, expected] : rows) {
    const auto got = evaluate_condition(text, kFacts, environment());
    ASSERT_TRUE(got.has_value()) << text << ": " << got.error().message;
    EXPECT_EQ(*got, expected) << text;
  }
}

TEST(Condition, SaysWhatIsWrong) {
  struct Bad {
    std::string_view text, message;
    std::size_t offset;
  };
  const Bad rows[] = {
      {"foo(1)", "no predicate 'foo'", 0},
      {"1 || foo", "no predicate 'foo'", 5},
      {"1 &&", "missing at the end", 4},
      {"&&", "'&&' is no condition", 0},
      {"1 foo", "unexpected 'foo'", 2},
      {"0x", "unexpected 'x'", 1},
      {"!!", "missing at the end", 2},
      {"(1", "'(' is never closed", 0},
      {"streq(a", "'(' is never closed", 5},
      {"streq(\"a)", "quote within", 5},
      {"streq(a)", "takes 2 arguments, not 1", 0},
      {"defined", "takes 1 argument, not 0", 0},
      {"version_atleast(x)", "'x' is no version", 0},
      {"-", "needs digits", 0},
  };
  for (const Bad& row : rows) {
    const auto got = evaluate_condition(row.text, kFacts, environment());
    ASSERT_FALSE(got.has_value()) << row.text;
    EXPECT_THAT(got.error().message, HasSubstr(row.message)) << row.text;
    EXPECT_EQ(got.error().offset, row.offset) << row.text;
  }
  EXPECT_EQ(evaluate_condition("stre(a,b)", kFacts, environment()).error().hint, "did you mean 'streq'?");
  EXPECT_FALSE(evaluate_condition(std::string(100'000, '('), kFacts, environment()).has_value());
}

TEST(Condition, OrdersVersions) {
  const std::string_view ascending[] = {"2.4-dev1", "2.4-dev19",        "2.4-rc1",  "2.4",  "2.4.1",
                                        "2.4.1-2",  "2.6.12-1+deb12u4", "3.5-dev2", "3.5.0"};
  for (std::size_t i = 1; i < std::size(ascending); i++)
    EXPECT_LE(compare_versions(ascending[i - 1], ascending[i]).value(), -1) << ascending[i];
  EXPECT_EQ(compare_versions("2", "2.0.0").value(), 0);
  EXPECT_EQ(compare_versions("1.1.1", "1.1.1w").value(), -1);
  for (const auto bad : {"", "x", "2.x", "1.2.3.4", "99999999999"})
    EXPECT_FALSE(compare_versions(bad, "1").has_value()) << bad;
}

TEST(Condition, GivesAnExitStatus) {
  std::string message;
  EXPECT_EQ(condition_exit_status("version_atleast(2.0)", kFacts, environment(), message), 0);
  EXPECT_EQ(condition_exit_status("\"$SET\"", kFacts, environment(), message), 1);
  EXPECT_EQ(condition_exit_status("1 || foo", kFacts, environment(), message), 2);
  EXPECT_THAT(message, HasSubstr("foo"));
  EXPECT_EQ(condition_exit_status("'", kFacts, environment(), message), 2);
}

TEST(Condition, RandomTextNeverCrashes) {
  std::mt19937 random(3);
  const std::string_view parts[] = {
      "(",       ")", "!", "&&", "||", " ", "1", "0", "streq", "defined", ",", "\"", "'", "\\", "version_before",
      "2.4-dev", "-", "a"};
  for (int i = 0; i < 20'000; i++) {
    std::string text;
    for (auto n = random() % 12; n > 0; n--) text += parts[random() % std::size(parts)];
    static_cast<void>(evaluate_condition(text, kFacts, environment()));
  }
}

}  // namespace
}  // namespace weir::config
