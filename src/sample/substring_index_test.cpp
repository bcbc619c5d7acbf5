// The automaton says what a walk through the words says, for any words and texts.
#include "sample/substring_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace weir::sample {
namespace {

using Words = std::vector<std::string_view>;

std::uint32_t walk(const Words& words, std::string_view text) {
  for (std::uint32_t i = 0; i < words.size(); ++i)
    if (text.contains(words[i])) return i;
  return SubstringIndex::kNone;
}

void expect_the_walk(const Words& words, std::string_view text) {
  const auto index = SubstringIndex::build(words);
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->first_in(text), walk(words, text)) << text;
  EXPECT_EQ(index->is_any_in(text), walk(words, text) != SubstringIndex::kNone) << text;
}

TEST(SubstringIndex, finds_the_first_of_the_list_and_not_of_the_text) {
  const Words words{"she", "he", "hers", "his", "ers", "r", "ush", "shers", "e", "he"};
  for (const std::string_view text : {"ushers", "xhers", "her", "his", "r", "", "usher", "HERS", "hhhhe"})
    expect_the_walk(words, text);
}

TEST(SubstringIndex, an_empty_word_is_in_every_text) {
  const Words words{"aaa", "aa", "bb", "", "c", "d", "e", "f", "g"};
  for (const std::string_view text : {"", "x", "c", "bb", "aaaa", "aa"}) expect_the_walk(words, text);
}

TEST(SubstringIndex, zero_bytes_and_high_ones_are_bytes_like_others) {
  using namespace std::string_view_literals;
  const Words words{"\0\0"sv, "a\0b"sv, "\xff"sv, "\x80\xff"sv, "\0x"sv, "zz", "yy", "xx", "ww"};
  for (const std::string_view text : {"\0"sv, "x\0\0"sv, "a\0b"sv, "a\0"sv, "\x80"sv, "\x7f\x80\xff"sv, "\0x\0\0"sv})
    expect_the_walk(words, text);
}

TEST(SubstringIndex, words_of_all_256_bytes) {
  std::vector<std::string> held;
  for (int byte = 0; byte < 256; ++byte) held.push_back(std::string(2, static_cast<char>(byte)));
  const Words words(held.begin(), held.end());
  const auto index = SubstringIndex::build(words);
  for (unsigned byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(index->first_in(std::string(2, static_cast<char>(byte))), byte);
    const char mixed[] = {static_cast<char>(byte), static_cast<char>(byte + 1), static_cast<char>(byte)};
    EXPECT_EQ(index->first_in({mixed, 3}), SubstringIndex::kNone);
  }
}

TEST(SubstringIndex, is_the_walk_for_random_words_and_texts) {
  std::mt19937 random(7);
  const auto text = [&](std::size_t most, unsigned letters) {
    std::string made(random() % (most + 1), ' ');
    for (char& c : made) c = static_cast<char>('a' + random() % letters);
    return made;
  };
  for (int round = 0; round < 300; ++round) {
    const unsigned letters = 1 + random() % 5;
    std::vector<std::string> held;
    for (std::size_t count = 9 + random() % 200; held.size() < count;) held.push_back(text(12, letters));
    if (round % 2) std::erase_if(held, [](const std::string& one) { return one.size() < 4; });
    while (held.size() < 9) held.push_back("xxxx");
    const Words words(held.begin(), held.end());
    for (int i = 0; i < 20; ++i) expect_the_walk(words, text(40, letters + 1));
  }
}

// More states than have rows: what lies deep goes back one step at a time.
TEST(SubstringIndex, is_the_walk_beyond_the_rows) {
  std::mt19937 random(11);
  std::vector<std::string> held;
  for (int i = 0; i < 2000; ++i) {
    std::string word(100 + random() % 100, 'a');
    for (char& c : word)
      if (random() % 40 == 0) c = static_cast<char>('a' + random() % 26);
    held.push_back(std::move(word));
  }
  const Words words(held.begin(), held.end());
  const auto index = SubstringIndex::build(words);
  for (int i = 0; i < 60; ++i) {
    const std::string_view one = words[random() % words.size()];
    const std::string whole = std::string(random() % 30, 'a') + std::string(one) + "aab";
    EXPECT_EQ(index->first_in(whole), walk(words, whole));
    const std::string part = std::string(one.substr(1)) + "#" + std::string(one.substr(0, one.size() - 1)) + "ab";
    EXPECT_EQ(index->first_in(part), walk(words, part));
    EXPECT_EQ(index->is_any_in(part), walk(words, part) != SubstringIndex::kNone);
  }
}

TEST(SubstringIndex, is_not_made_of_few_words_or_of_too_many_bytes) {
  EXPECT_EQ(SubstringIndex::build(Words(SubstringIndex::kFew, "a")), nullptr);
  EXPECT_NE(SubstringIndex::build(Words(SubstringIndex::kFew + 1, "a")), nullptr);
  const std::string long_word(SubstringIndex::kMostBytes / 16 + 1, 'a');
  EXPECT_EQ(SubstringIndex::build(Words(16, long_word)), nullptr);
}

}  // namespace
}  // namespace weir::sample
