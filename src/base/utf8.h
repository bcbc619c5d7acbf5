// Characters of UTF-8 text that may be none: names from files, what servers and clients send. RFC 3629.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

/// How many bytes the character that `text` (not empty) begins with has; 0 when it begins with none.
constexpr std::size_t character_size(std::string_view text) {
  const auto byte_at = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte_at(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; i++)
    if ((byte_at(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte_at(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : size;
}

}  // namespace weir
