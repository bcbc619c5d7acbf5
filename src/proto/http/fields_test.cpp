#include "proto/http/fields.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::proto::http {
namespace {

struct Given {
  std::array<Field, 8> storage;
  Head head{storage};
  FieldName x{"x"};
  explicit Given(std::initializer_list<std::string_view> values) {
    head.add("host", "h:81");
    for (const std::string_view value : values) head.add("X", value);
  }
  std::string all(bool whole) {
    ValueWalk walk(head, &x, whole);
    std::string out;
    while (const auto value = walk.next()) out.append("<").append(*value).append(">");
    return out;
  }
};

TEST(Fields, Lists) {
  const struct {
    std::string_view value;
    std::string_view elements;
  } rows[] = {
      {"a", "<a>"},
      {"a, b ,c", "<a><b><c>"},
      {"", "<>"},
      {",", "<><>"},
      {"a,,", "<a><><>"},
      {"\"a,b\",c", "<\"a,b\"><c>"},
      {"\"a\\\",b\", c", "<\"a\\\",b\"><c>"},
      {"a\"b,c", "<a\"b,c>"},
      {"\"a\\", "<\"a\\>"},
      {"\\,a", "<\\><a>"},
  };
  for (const auto& row : rows) {
    Given given({row.value});
    EXPECT_EQ(given.all(false), row.elements) << row.value;
    EXPECT_EQ(given.all(true), "<" + std::string(row.value) + ">");
  }
}

TEST(Fields, Numbers) {
  Given given({"a, b", "c"});
  given.head.add("X", "gone");
  given.head.fields().back().removed = true;
  const auto nth = [&](std::int64_t number, bool whole = false) {
    return std::string(nth_value(given.head, &given.x, whole, number).value_or("none"));
  };
  EXPECT_EQ(nth(1), "a");
  EXPECT_EQ(nth(3), "c");
  EXPECT_EQ(nth(4), "none");
  EXPECT_EQ(nth(-1), "c");
  EXPECT_EQ(nth(0), "c");
  EXPECT_EQ(nth(-3), "a");
  EXPECT_EQ(nth(-4), "none");
  EXPECT_EQ(nth(INT64_MIN), "none");
  EXPECT_EQ(nth(1, true), "a, b");
  EXPECT_EQ(nth(-2, true), "a, b");
  EXPECT_EQ(count_values(given.head, &given.x, false), 3U);
  EXPECT_EQ(count_values(given.head, nullptr, true), 3U);
  EXPECT_EQ(nth_value(given.head, nullptr, false, 1), "h:81");
  const FieldName none("y");
  EXPECT_EQ(nth_value(given.head, &none, false, -1), std::nullopt);
}

TEST(Fields, WalksGoOnWhereTheyStopped) {
  Given given({"a, b", "c"});
  ValueWalk walk(given.head, &given.x, false);
  EXPECT_EQ(walk.next(), "a");
  ValueWalk second(given.head, &given.x, false);
  second.go_to(walk.place());
  EXPECT_EQ(second.next(), "b");
  EXPECT_EQ(second.next(), "c");
  EXPECT_EQ(second.next(), std::nullopt);
}

}  // namespace
}  // namespace weir::proto::http
