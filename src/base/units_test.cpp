#include "base/units.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;

TEST(Units, ReadsTimes) {
  const struct {
    const char* text;
    long ms;
  } rows[] = {{"3s", 3000},       {"500", 500}, {"500ms", 500}, {"1m", 60'000}, {"2h", 7'200'000},
              {"1d", 86'400'000}, {"1us", 1},   {"0", 0},       {"1500us", 2}};
  for (const auto& row : rows) {
    const auto time = parse_time(row.text);
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(time->count(), row.ms) << row.text;
  }
  EXPECT_EQ(parse_time("10", std::chrono::seconds(1))->count(), 10'000);
}

TEST(Units, RefusesTimes) {
  for (const char* text : {"", "s", "-1", "3x", "1h30m", "25d", "99999999999999999999", " 3s"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(*parse_size("10k"), 10240U);
  EXPECT_EQ(*parse_size("4m"), 4U << 20);
  EXPECT_EQ(*parse_size("1G"), 1ULL << 30);
  EXPECT_EQ(*parse_size("17"), 17U);
  for (const char* text : {"", "k", "-1", "10kb", "99999999999g"}) EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Units, ReadsWholeNumbers) {
  EXPECT_EQ(*parse_integer("42", 0, 100), 42);
  EXPECT_EQ(*parse_integer("-3", -5, 5), -3);
  for (const char* text : {"", "1x", "101", "-1", "1.5", " 1"}) EXPECT_FALSE(parse_integer(text, 0, 100)) << text;
}

TEST(Units, a_range_goes_upwards) {
  EXPECT_EQ(parse_integer_range("403-410", 100, 599)->low, 403);
  EXPECT_EQ(parse_integer_range("403-410", 100, 599)->high, 410);
  EXPECT_EQ(parse_integer_range("403", 100, 599)->high, 403);
  EXPECT_EQ(parse_integer_range("403-403", 100, 599)->low, 403);
  for (const char* text : {"", "-", "403-", "-403", "410-403", "99-403", "403-600", "403-410-420", "403 -410"})
    EXPECT_FALSE(parse_integer_range(text, 100, 599)) << text;
}

}  // namespace
}  // namespace weir
