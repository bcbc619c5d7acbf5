#include "admin/statistics/form.h"

#include <gtest/gtest.h>

namespace weir::admin {
namespace {

TEST(Form, EscapesAndWhatIsNone) {
  struct Row {
    std::string_view text, decoded;
  };
  const Row rows[] = {{"", ""},
                      {"a+b", "a b"},
                      {"%41%62", "Ab"},
                      {"%", "%"},
                      {"%4", "%4"},
                      {"%zz", "%zz"},
                      {"100%25", "100%"},
                      {"%00", std::string_view("\0", 1)},
                      {"%e2%82%ac", "\u20ac"}};
  for (const Row& row : rows) EXPECT_EQ(form_decoded(row.text), row.decoded) << row.text;
}

TEST(Form, ServersAreGatheredTheLastOfTheRestCounts) {
  const ServerForm form = read_form("s=a&x=y&action=maint&&s=b%2fc&b=one&action=drain&b=%23two&s&=");
  EXPECT_EQ(form.action, "drain");
  EXPECT_EQ(form.backend, "#two");
  EXPECT_EQ(form.servers, (std::vector<std::string>{"a", "b/c"}));
  EXPECT_FALSE(read_form("s=a&b=c").action.has_value());
  EXPECT_EQ(read_form("action=").action, "");
}

}  // namespace
}  // namespace weir::admin
