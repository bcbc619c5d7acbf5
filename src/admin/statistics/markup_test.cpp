#include "admin/statistics/markup.h"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

TEST(Markup, NothingOfATextIsMarkup) {
  EXPECT_EQ(escaped("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
  EXPECT_EQ(escaped("plain text, \u00fcber"), "plain text, \u00fcber");
}

TEST(Markup, FiguresArePlainToRead) {
  struct Row {
    Figure kind;
    std::uint64_t value;
    std::string_view text;
  };
  const Row rows[] = {
      {Figure::count, 0, "0"},
      {Figure::count, 999, "999"},
      {Figure::count, 1000, "1\u202f000"},
      {Figure::count, 18'446'744'073'709'551'615U, "18\u202f446\u202f744\u202f073\u202f709\u202f551\u202f615"},
      {Figure::bytes, 0, "0 B"},
      {Figure::bytes, 999, "999 B"},
      {Figure::bytes, 1000, "1.0 kB"},
      {Figure::bytes, 1999, "1.9 kB"},
      {Figure::bytes, 10'000, "10 kB"},
      {Figure::bytes, 999'999, "999 kB"},
      {Figure::bytes, 1'234'567, "1.2 MB"},
      {Figure::bytes, 18'446'744'073'709'551'615U, "18446 PB"},
      {Figure::seconds, 0, "0s"},
      {Figure::seconds, 59, "59s"},
      {Figure::seconds, 60, "1m"},
      {Figure::seconds, 3601, "1h"},
      {Figure::seconds, 12'000, "3h 20m"},
      {Figure::seconds, 86'400 * 5 + 3600 * 4 + 59, "5d 4h"},
      {Figure::milliseconds, 1234, "1\u202f234 ms"},
  };
  for (const Row& row : rows) EXPECT_EQ(written(row.kind, row.value), row.text) << row.value;
}

TEST(Markup, EveryStatusHasATone) {
  struct Row {
    std::string_view status, tone;
  };
  const Row rows[] = {{"UP", "up"},         {"UP 1/3", "change"}, {"DOWN", "down"},          {"DOWN 1/2", "change"},
                      {"NOLB", "change"},   {"MAINT", "rest"},    {"MAINT (via x)", "rest"}, {"DRAIN", "rest"},
                      {"no check", "rest"}, {"OPEN", "up"},       {"FULL", "change"},        {"STOP", "rest"}};
  for (const Row& row : rows) EXPECT_EQ(tone_of(row.status), row.tone) << row.status;
}

}  // namespace
}  // namespace weir::admin
