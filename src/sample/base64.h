// Base64 and its form for URLs and file names. RFC 4648 4, 5.
//
// Decoding takes no white space and minds neither the padding of the URL form, which is not there, nor bits left over.
#pragma once

#include <optional>
#include <string_view>

#include "sample/arena.h"

namespace weir::sample {

enum class Base64 : std::uint8_t { plain, url };

/// nullopt: what is no such text, or the arena is full. Plain text is padded to a multiple of four.
[[nodiscard]] std::optional<std::string_view> base64_decoded(std::string_view text, Base64 form, Arena& arena);
/// Plain with padding, URL without. nullopt: the arena is full.
[[nodiscard]] std::optional<std::string_view> base64_encoded(std::string_view data, Base64 form, Arena& arena);

}  // namespace weir::sample
