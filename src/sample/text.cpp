#include "sample/text.h"

#include <algorithm>

namespace weir::sample {

std::string lowered(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(), lower);
  return copy;
}

std::optional<std::string_view> lowered_copy(std::string_view text, Arena& arena) {
  char* out = arena.take(text.size());
  if (out == nullptr) return std::nullopt;
  std::transform(text.begin(), text.end(), out, lower);
  return std::string_view(out, text.size());
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
