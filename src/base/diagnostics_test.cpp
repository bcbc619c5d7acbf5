#include "base/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

TEST(Diagnostics, ShowsPlaceLineCaretHintAndExample) {
  Diagnostics diagnostics;
  const auto file = diagnostics.add_file("a.cfg", "frontend f\n  bnid :80\n");
  auto& problem = diagnostics.error({file, 2, 3, 4}, "unknown keyword 'bnid'");
  problem.hint = "did you mean 'bind'?";
  problem.example = "bind :80";
  EXPECT_EQ(diagnostics.render(),
            "a.cfg:2:3: error: unknown keyword 'bnid'\n      bnid :80\n      ^^^^\n    did you mean 'bind'?\n    "
            "example: bind :80\n");
}

TEST(Diagnostics, ControlBytesAndLongLinesStayOnOneTerminalLine) {
  Diagnostics diagnostics;
  const auto file = diagnostics.add_file("a.cfg", std::string(1000, 'x') + "\x1b[2J\n");
  diagnostics.error({file, 1, 1001, 1}, "bad byte");
  const std::string text = diagnostics.render();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 500U);
}

TEST(Diagnostics, CountsWhatItNoLongerKeeps) {
  Diagnostics diagnostics;
  for (std::size_t i = 0; i < Diagnostics::kMaxKept + 5; i++) diagnostics.error({}, "x");
  EXPECT_EQ(diagnostics.all().size(), Diagnostics::kMaxKept);
  EXPECT_THAT(diagnostics.render(), testing::HasSubstr("and 5 more problems"));
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Diagnostics, NearestWordOnlyWhenNear) {
  const std::vector<std::string_view> words = {"balance", "bind", "backlog", "server"};
  EXPECT_EQ(nearest_word("balence", words), "balance");
  EXPECT_EQ(nearest_word("bnid", words), "bind");
  EXPECT_EQ(nearest_word("zzzzzz", words), "");
  EXPECT_EQ(nearest_word("", words), "");
}

}  // namespace
}  // namespace weir
