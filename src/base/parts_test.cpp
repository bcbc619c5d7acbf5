#include "base/parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> all;
  for (const std::string_view part : Parts(text, ',')) all.emplace_back(part);
  return all;
}

TEST(Parts, stand_between_separators) {
  using V = std::vector<std::string>;
  EXPECT_EQ(parts("a"), V{"a"});
  EXPECT_EQ(parts("a,b,c"), (V{"a", "b", "c"}));
  EXPECT_EQ(parts("a,,c,"), (V{"a", "", "c", ""}));
  EXPECT_EQ(parts(","), (V{"", ""}));
  EXPECT_EQ(parts(""), V{""});
}

}  // namespace
}  // namespace weir
