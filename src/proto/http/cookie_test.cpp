// Cookies and dates by table.
#include "proto/http/cookie.h"

#include <gtest/gtest.h>

#include <string>

#include "proto/http/date.h"

namespace weir::proto::http {
namespace {

TEST(Cookies, Walk) {
  const struct {
    std::string_view field;
    std::string_view cookies;
  } rows[] = {
      {"a=1; b=2", "a=1|b=2|"},
      {" a = 1 ;b=2 ", "a=1|b=2|"},
      {"a=;b= ;c", "a=|b=|"},
      {"=1;;b=2;", "=1|b=2|"},
      {"a=1=2", "a=1=2|"},
      {"a=1, b=2", "a=1, b=2|"},
      {"a=\"1;2\"; b=3", "a=\"1;2\"|b=3|"},
      {"a=\"1;b=2", "a=\"1|b=2|"},
      {"", ""},
      {";", ""},
  };
  for (const auto& row : rows) {
    CookieWalk walk(row.field);
    std::string got;
    while (const auto cookie = walk.next()) got.append(cookie->name).append("=").append(cookie->value).append("|");
    EXPECT_EQ(got, row.cookies) << row.field;
  }
}

TEST(Cookies, Set) {
  const auto cookie = set_cookie(" a = \"1;2\" ; Path=/x; secure; Max-Age = 5");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->name, "a");
  EXPECT_EQ(cookie->value, "\"1;2\"");
  constexpr std::string_view kField = "a=1; Path=/x; secure; Max-Age = 5;";
  EXPECT_EQ(set_cookie_attribute(kField, "path"), "/x");
  EXPECT_EQ(set_cookie_attribute(kField, "Secure"), "");
  EXPECT_EQ(set_cookie_attribute(kField, "max-age"), "5");
  EXPECT_EQ(set_cookie_attribute(kField, "a"), std::nullopt);
  EXPECT_EQ(set_cookie("a; b=1"), std::nullopt);
  EXPECT_EQ(set_cookie(""), std::nullopt);
}

TEST(Dates, BothWays) {
  const struct {
    std::int64_t seconds;
    std::string_view text;
  } rows[] = {
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
      {4102444799, "Thu, 31 Dec 2099 23:59:59 GMT"},   {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
      {-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"},
  };
  for (const auto& row : rows) {
    const auto text = write_date(row.seconds);
    EXPECT_EQ(std::string_view(text.data(), text.size()), row.text);
    EXPECT_EQ(parse_date(row.text, 0), row.seconds);
  }
  const auto beyond = write_date(std::int64_t{1} << 62);
  EXPECT_EQ(std::string_view(beyond.data(), beyond.size()), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(Dates, OlderForms) {
  constexpr std::int64_t kNow = 1767323045;  // 2026
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 784111777);
  EXPECT_EQ(parse_date("Friday, 06-Nov-26 08:49:37 GMT", kNow), 1793954977);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", kNow), 784111777);
  EXPECT_EQ(parse_date("Sun Nov 16 08:49:37 1994", kNow), 784975777);
  for (const std::string_view wrong :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 anF 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_date(wrong, kNow), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace weir::proto::http
