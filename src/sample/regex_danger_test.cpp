// Which expressions take forever. Those that must not be told of are of the kinds that people's filters are made of.
#include "sample/regex_danger.h"

#include <gtest/gtest.h>

#include "sample/regex.h"

namespace weir::sample {
namespace {

TEST(RegexDanger, endless_ones_are_found) {
  for (const char* pattern :
       {"(a+)+$", "^(a+)+b", "^([a-z]+)*x$", "(?:a|a)*b", "^(a|aa)+$", R"(^(\w+\s?)*$)", "^(([a-z])+.)+[A-Z]([a-z])+$",
        R"(^(?:[a-z0-9]+-?)+\.example$)", "^/api/(x*)*y", R"(^(\d+)*;)", R"(^([^,]*,?)*;$)", R"(([a-zA-Z0-9_]+\.?)+@)",
        "^(?:(?:a+)b?)*c", R"(^(?<name>[a-f]+)+$)", "^(a{1,9}){9,}$", R"(^[x-z](?i:(k+)+)!)",
        R"((?:"[^"]*"|[^,])*,?$x)"})
    EXPECT_TRUE(endless_text(pattern, false).has_value()) << pattern;
}

TEST(RegexDanger, harmless_ones_are_left_alone) {
  for (const char* pattern : {"",
                              "a",
                              "^/static/",
                              "(foo|bar)+$",
                              "(?:[^,]+,)*end",
                              R"(^(?:[a-z]+\.)+example\.com$)",
                              R"(^\d{1,3}(\.\d{1,3}){3}$)",
                              "(a+)++$",
                              "(?>a+)+$",
                              "(a+)+",
                              R"(^(?:"[^"]*",)*"[^"]*"$)",
                              R"(^/([a-z]+/)*index\.php$)",
                              R"((?:%2e|\.){2}(?:%2f|/))",
                              R"((?i)<script[^>]*>[\s\S]*?</script>)",
                              R"((?i)\bunion\b.{1,100}?\bselect\b)",
                              R"((?:\b(?:select|insert|update|delete|drop)\b\s+)+)",
                              R"((?i)(?:;|\||&&)\s*(?:cat|ls|id|whoami)\b)",
                              R"(^(?:GET|POST|HEAD) (?:/[^\s?]*)(?:\?\S*)? HTTP/1\.[01]$)",
                              R"(\.\./|\.\.\\)",
                              R"((?:\.php[0-9]?|\.phtml)(?:$|/))",
                              R"(^[A-Za-z0-9+/]{20,}={0,2}$)",
                              R"((?i)(?:onerror|onload|onclick)\s*=)",
                              R"(^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$)",
                              R"(^(?:\w+=\w*&)*\w+=\w*$)",
                              R"((?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4})",
                              R"(^(?:[^/]+/)+admin(?:/|$))",
                              R"((?i)(?:^|&)[a-z_]+=(?:https?|ftp)%3a)",
                              R"([\n\r]\s*(?:set-cookie|location)\s*:)",
                              R"(^Mozilla/5\.0 \([^)]+\) .*Safari/[\d.]+$)",
                              R"(^sess=([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:;|$))",
                              R"(\$\{jndi:(?:ldap|rmi|dns)[^}]*\})"})
    EXPECT_EQ(endless_text(pattern, true).value_or("none"), "none") << pattern;
}

TEST(RegexDanger, odd_syntax_is_passed_by) {
  for (const char* pattern :
       {"(",        "[",       "[a",           "(?",          "(?P<",       "a{",  "a{9",    "a{,3}", "a{99999999999}",
        "\\",       "(?R)",    "((?(1)a|b))+", "\\x{",        "[[:alpha:]", "(?#", "(*VERB", "[]a]+", "[^]]*",
        "\\Qa+\\E", "\\p{L}+", "(?<=a)b",      "(?'n'a+)+$x", "[z-a]"})
    (void)endless_text(pattern, false);
  (void)endless_text(std::string(100'000, '('), false);
  (void)endless_text(std::string(4'000, '(') + "a" + std::string(4'000, ')'), false);
  // Nothing, 99^6 times.
  (void)endless_text("(?:(?:(?:(?:(?:(?:){99}){99}){99}){99}){99}){99}(a+)+x", false);
  std::string wide;
  for (int i = 0; i < 400; i++) wide += "(?:[a-z]+_)*";
  (void)endless_text(wide, false);
}

TEST(RegexDanger, what_is_told_of_does_give_up) {
  const auto text = endless_text("^/x(a+)+$", false);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("/xaaaa"));
  EXPECT_FALSE(Regex::compile("^/x(a+)+$", false)->matches(*text));
}

TEST(RegexDanger, a_watch_tells_each_once) {
  RegexWatch watch;
  (void)Regex::compile("(a+)+$", false);
  (void)Regex::compile("(a+)+$", false);
  (void)Regex::compile("a+", false);
  auto found = watch.take();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pattern, "(a+)+$");
  (void)Regex::compile("(a+)+$", false);
  EXPECT_TRUE(watch.take().empty());
  for (int i = 0; i < 100; i++) (void)Regex::compile("(b+)+" + std::to_string(i) + "$", false);
  EXPECT_EQ(watch.take().size(), 19U);
}

}  // namespace
}  // namespace weir::sample
