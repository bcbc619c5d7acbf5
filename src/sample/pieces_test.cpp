#include "sample/pieces.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace weir::sample {
namespace {

std::vector<std::string> pieces(std::string_view text, std::uint32_t count) {
  std::vector<std::string> all;
  any_piece(text, kDirectoryDelimiters, count, [&](std::string_view piece) {
    all.emplace_back(piece);
    return false;
  });
  return all;
}

TEST(Pieces, between_delimiters) {
  using All = std::vector<std::string>;
  EXPECT_EQ(pieces("", 1), (All{""}));
  EXPECT_EQ(pieces("a", 1), (All{"a"}));
  EXPECT_EQ(pieces("/a/b", 1), (All{"", "a", "b"}));
  EXPECT_EQ(pieces("a/b/", 2), (All{"a/b", "b/"}));
  EXPECT_EQ(pieces("a/b", 3), (All{}));
  EXPECT_EQ(pieces("a//b", 3), (All{"a//b"}));
  EXPECT_EQ(pieces("a/b", 0), (All{""}));
  EXPECT_EQ(components("a", "/"), 1U);
  EXPECT_EQ(components("a//b", "/"), 3U);
  EXPECT_EQ(components("", "/"), 0U);
}

// What a walk with contains_between() finds.
TEST(Pieces, all_that_a_walk_finds) {
  std::mt19937 random(7);
  const auto text = [&](std::size_t most) {
    std::string out;
    for (std::size_t i = random() % (most + 1); i != 0; i--) out += "ab./:?"[random() % 6];
    return out;
  };
  for (int i = 0; i < 20'000; i++) {
    const MatchKind kind = i % 2 == 0 ? MatchKind::dir : MatchKind::dom;
    const std::string subject = text(12);
    const std::string pattern(without_delimiters(kind, text(5)));
    const std::string_view delimiters = delimiters_of(kind);
    EXPECT_EQ(any_piece(subject, delimiters, components(pattern, delimiters),
                        [&](std::string_view piece) { return piece == pattern; }),
              contains_between(subject, pattern, delimiters))
        << subject << " " << pattern;
  }
}

}  // namespace
}  // namespace weir::sample
