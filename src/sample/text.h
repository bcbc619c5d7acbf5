// Bytes and their spellings: ASCII case and hexadecimal. Locale plays no part.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "proto/http/text.h"
#include "sample/arena.h"

namespace weir::sample {

using proto::http::lower;
using proto::http::lowered;
[[nodiscard]] constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// Whether `text` in lower case is `lowered_text`.
[[nodiscard]] inline bool equals_lowered(std::string_view text, std::string_view lowered_text) {
  return text.size() == lowered_text.size() && proto::http::is_in_small(text, lowered_text);
}

/// nullopt when the arena is full.
[[nodiscard]] std::optional<std::string_view> lowered_copy(std::string_view text, Arena& arena);
/// All of them, one behind the other. nullopt when the arena is full.
[[nodiscard]] std::optional<std::string_view> joined_copy(std::initializer_list<std::string_view> parts, Arena& arena);
/// nullopt when `digits` are odd in number or no hexadecimal digits.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);
inline constexpr std::string_view kHexDigits = "0123456789ABCDEF";

}  // namespace weir::sample
