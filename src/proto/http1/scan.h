// Sixteen bytes at a time: where a name, a value or a target ends.
//
// A head is mostly bytes that mean nothing to the parser; what it wants is the next one that does. With SSE2, which
// every x86-64 has, one step looks at 16 bytes; elsewhere, and in the last 15 bytes of the input, it is a table.
// Nothing is read past `end`.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "proto/http/known_names.h"
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
/// A field's name in two registers, and what is known of it.
struct UsualName {
  std::size_t size = 0;  // 0: not the usual kind
  http::FieldId id = http::FieldId::other;
};
/// The usual name of a field: letters, digits and hyphens, then a colon, within the next 32 bytes; at least 16 are
/// there.
inline UsualName usual_name(const char* at, const char* end) {
  const __m128i hyphen = _mm_set1_epi8('-');
  const __m128i case_bit = _mm_set1_epi8(0x20);
  const auto letters_of = [&](__m128i bytes) { return within(_mm_or_si128(bytes, case_bit), 'a', 'z'); };
  const auto usual = [&](__m128i bytes, __m128i letters) {
    return mask_of(_mm_or_si128(letters, _mm_or_si128(within(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, hyphen))));
  };
  const __m128i first = load16(at);
  const __m128i first_letters = letters_of(first);
  unsigned mask = usual(first, first_letters);
  // What the table's entry equals, as bits: the second half counts for the few names that have one.
  const auto equal = [&](__m128i bytes, __m128i letters, const char* known) {
    const __m128i small = _mm_or_si128(bytes, _mm_and_si128(letters, case_bit));
    return mask_of(_mm_cmpeq_epi8(small, load16(known)));
  };
  if (mask != 0xffff) [[likely]] {
    const auto size = static_cast<std::size_t>(std::countr_one(mask));
    if (at[size] != ':' || size == 0) return {};
    const http::KnownName& known = http::kKnownNames[http::known_slot(at, size)];
    const unsigned wanted = (1U << size) - 1;
    const bool same = known.size == size && (equal(first, first_letters, known.name.data()) & wanted) == wanted;
    return {.size = size, .id = same ? known.id : http::FieldId::other};
  }
  if (end - at < 33) return {};
  const __m128i second = load16(at + 16);
  mask = usual(second, letters_of(second));
  const auto size = 16 + static_cast<std::size_t>(std::countr_one(mask));
  if (size == 32 || at[size] != ':') return {};
  return {.size = size, .id = http::field_id({at, size})};
}

/// The first byte below a space, the tab too, or 127; `end` when there is none. At least 16 bytes stand before `end`.
inline const char* usual_value_end(const char* at, const char* end) {
  const auto found_in = [](__m128i bytes) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return mask_of(_mm_or_si128(control, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
  };
  for (; end - at >= 16; at += 16) {
    if (const unsigned found = found_in(load16(at)); found != 0) return at + std::countr_zero(found);
  }
  // The last step looks at some bytes again.
  const unsigned found = found_in(load16(end - 16)) >> (16 - (end - at));
  return found != 0 ? at + std::countr_zero(found) : end;
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
