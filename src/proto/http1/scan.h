// Sixteen bytes at a time: where a name, a value or a target ends.
//
// A head is mostly bytes that mean nothing to the parser; what it wants is the next one that does. With SSE2, which
// every x86-64 has, one step looks at 16 bytes; elsewhere, and in the last 15 bytes of the input, it is a table.
// Nothing is read past `end`.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "proto/http/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::proto::http1 {

/// Bytes that a field's value may hold: all but controls; a tab is no control here. RFC 9110 5.5.
inline constexpr std::array<bool, 256> kValueBytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}();
/// Visible ASCII. The target's own grammar is narrower; COMPAT: what is visible passes.
inline constexpr std::array<bool, 256> kTargetBytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) table[c] = true;
  return table;
}();

inline const char* skip_while(const std::array<bool, 256>& table, const char* at, const char* end) {
  while (at != end && table[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

#ifdef __SSE2__
inline __m128i load16(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline unsigned mask_of(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
/// Bytes from `first` to `last`, unsigned.
inline __m128i within(__m128i bytes, char first, char last) {
  const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  const __m128i width = _mm_set1_epi8(static_cast<char>(last - first));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, width), shifted);
}
#endif

#ifdef __SSE2__
/// Where the usual name of a field ends: a hyphen, letters and digits, a colon within the next 32 bytes, which are
/// there. 0 if it is not that.
inline std::size_t usual_name_size(const char* at) {
  const auto usual = [](__m128i bytes) {
    const __m128i letters = within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i others = _mm_or_si128(within(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    return mask_of(_mm_or_si128(letters, others));
  };
  unsigned mask = usual(load16(at));
  if (mask == 0xffff) mask |= usual(load16(at + 16)) << 16;
  const auto size = static_cast<std::size_t>(std::countr_one(mask));
  return size < 32 && at[size] == ':' ? size : 0;
}
#endif

/// The first byte that is no part of a token. Letters, digits and the hyphen, of which names are made, go 16 at a time.
inline const char* find_name_end(const char* at, const char* end) {
#ifdef __SSE2__
  while (end - at >= 16) {
    const __m128i bytes = load16(at);
    const __m128i letters = within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i others = _mm_or_si128(within(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const unsigned usual = mask_of(_mm_or_si128(letters, others));
    if (usual == 0xffff) {
      at += 16;
      continue;
    }
    at += std::countr_one(usual);
    if (!http::is_token_byte(*at)) return at;
    break;
  }
#endif
  return skip_while(http::kTokenBytes, at, end);
}

/// The first byte that no value may hold, which is a line's end mostly.
inline const char* find_value_end(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = load16(at);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i wrong = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), control),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    if (const unsigned found = mask_of(wrong); found != 0) return at + std::countr_zero(found);
  }
#endif
  return skip_while(kValueBytes, at, end);
}

/// The first byte that no target may hold: a space, a control or one above 126.
inline const char* find_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    // As signed numbers the bytes above 127 are below zero: one comparison finds them, spaces and controls.
    const __m128i bytes = load16(at);
    const __m128i wrong =
        _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x21)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    if (const unsigned found = mask_of(wrong); found != 0) return at + std::countr_zero(found);
  }
#endif
  return skip_while(kTargetBytes, at, end);
}

}  // namespace weir::proto::http1
