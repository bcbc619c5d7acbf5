// layers: sample proto base
//
// Sets of words and of expressions, one a line, over the text behind the first empty line: the indexes say what a walk
// says. The first byte chooses: bit 0 expressions, bit 1 without case, bit 2 directories and domains.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "sample/pieces.h"
#include "sample/regex_index.h"
#include "sample/substring_index.h"

namespace {
using namespace weir::sample;

void compare_words(const std::vector<std::string_view>& words, std::string_view text) {
  const auto index = SubstringIndex::build(words);
  if (index == nullptr) return;
  std::uint32_t first = 0;
  while (first < words.size() && !text.contains(words[first])) ++first;
  WEIR_ASSERT(index->first_in(text) == (first == words.size() ? SubstringIndex::kNone : first));
  WEIR_ASSERT(index->is_any_in(text) == (first != words.size()));
}

void compare_expressions(const std::vector<std::string_view>& patterns, bool ignore_case, std::string_view text) {
  std::vector<RegexIndex::Expression> all;
  for (const std::string_view pattern : patterns)
    if (auto regex = Regex::compile(pattern, ignore_case)) all.push_back({pattern, ignore_case, std::move(*regex)});
  // Enough for an index.
  static const Regex kNever = *Regex::compile("never\x01this", false);
  for (std::size_t i = 0; i <= RegexIndex::kFew; ++i) all.push_back({"never\x01this", false, kNever});
  const auto index = RegexIndex::build(all);
  if (index == nullptr) return;
  std::uint32_t first = 0;
  while (first < all.size() && !all[first].regex.matches(text)) ++first;
  WEIR_ASSERT(index->first_in(text) == (first == all.size() ? RegexIndex::kNone : first));
  WEIR_ASSERT(index->is_any_in(text) == (first != all.size()));
}

void compare_pieces(const std::vector<std::string_view>& patterns, std::string_view text) {
  for (const MatchKind kind : {MatchKind::dir, MatchKind::dom})
    for (const std::string_view pattern : patterns) {
      const std::string_view delimiters = delimiters_of(kind);
      const std::string_view inner = without_delimiters(kind, pattern);
      const bool found = any_piece(text, delimiters, components(inner, delimiters),
                                   [&](std::string_view piece) { return piece == inner; });
      WEIR_ASSERT(found == contains_between(text, inner, delimiters));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const unsigned how = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  const std::size_t gap = std::min(input.find("\n\n"), input.size());
  const std::string_view text = input.substr(std::min(gap + 2, input.size()));
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < gap && lines.size() < 100;) {
    const std::size_t end = std::min(input.find('\n', at), gap);
    lines.push_back(input.substr(at, end - at));
    at = end + 1;
  }
  if ((how & 4U) != 0) {
    compare_pieces(lines, text);
  } else if ((how & 1U) == 0) {
    compare_words(lines, text);
  } else {
    compare_expressions(lines, (how & 2U) != 0, text);
  }
  return 0;
}
