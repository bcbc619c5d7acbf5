// The pieces of a text that directory and domain patterns are compared with: what stands between two delimiters, or a
// delimiter and an end, with as many components as the pattern has. A pattern matches when one of them equals it, so a
// hash of patterns is asked once for each component of the text, whatever the number of patterns. Manual 7.1.3.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sample/pattern_parse.h"

namespace weir::sample {

/// How many components a pattern without outer delimiters has; 0: it is empty, and in every text.
[[nodiscard]] inline std::uint32_t components(std::string_view pattern, std::string_view delimiters) {
  if (pattern.empty()) return 0;
  return 1 + static_cast<std::uint32_t>(std::ranges::count_if(pattern, [&](char c) { return delimiters.contains(c); }));
}

[[nodiscard]] constexpr std::string_view delimiters_of(MatchKind kind) {
  return kind == MatchKind::dir ? kDirectoryDelimiters : kDomainDelimiters;
}

/// Calls `look(piece)` for each piece of `count` components until it answers true.
template <class Look>
bool any_piece(std::string_view text, std::string_view delimiters, std::uint32_t count, Look look) {
  if (count == 0) return look(std::string_view());
  const auto next = [&](std::size_t from) { return std::min(text.find_first_of(delimiters, from), text.size()); };
  std::size_t start = 0;
  std::size_t end = next(0);
  for (std::uint32_t i = 1; i < count; i++) {
    if (end == text.size()) return false;
    end = next(end + 1);
  }
  for (;;) {
    if (look(text.substr(start, end - start))) return true;
    if (end == text.size()) return false;
    start = next(start) + 1;
    end = next(end + 1);
  }
}

}  // namespace weir::sample
