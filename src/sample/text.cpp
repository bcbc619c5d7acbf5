#include "sample/text.h"

#include <algorithm>

namespace weir::sample {

std::optional<std::string_view> lowered_copy(std::string_view text, Arena& arena) {
  char* out = arena.take(text.size());
  if (out == nullptr) return std::nullopt;
  std::transform(text.begin(), text.end(), out, lower);
  return std::string_view(out, text.size());
}

std::optional<std::string_view> joined_copy(std::initializer_list<std::string_view> parts, Arena& arena) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* out = arena.take(size);
  if (out == nullptr) return std::nullopt;
  char* at = out;
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return std::string_view(out, size);
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::size_t high = kHexDigits.find(upper(digits[i]));
    const std::size_t low = kHexDigits.find(upper(digits[i + 1]));
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace weir::sample
