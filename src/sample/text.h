// Bytes and their spellings: ASCII case and hexadecimal. Locale plays no part.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample/arena.h"

namespace weir::sample {

[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// Whether `text` in lower case is `lowered_text`.
[[nodiscard]] constexpr bool equals_lowered(std::string_view text, std::string_view lowered_text) {
  if (text.size() != lowered_text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != lowered_text[i]) return false;
  return true;
}

[[nodiscard]] std::string lowered(std::string_view text);
/// nullopt when the arena is full.
[[nodiscard]] std::optional<std::string_view> lowered_copy(std::string_view text, Arena& arena);
/// nullopt when `digits` are odd in number or no hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);
inline constexpr std::string_view kHexDigits = "0123456789ABCDEF";

}  // namespace weir::sample
