// Numbers of one to ten bytes, as SPOE and the peers protocol write them.
//
// Below 240 a number is one byte; else four of its bits stand there and seven in each byte that follows, the highest
// bit saying that one more does. Spec: SPOE 3.5, 3.1.
#pragma once

#include <cstdint>
#include <span>

#include "proto/byte_reader.h"

namespace weir::proto {

inline constexpr std::size_t kLongestVarying = 10;
inline constexpr std::uint64_t kFirstLongVarying = 240;

/// Fails when the number is cut or larger than 64 bits hold.
inline std::uint64_t take_varying(ByteReader& in) {
  std::uint64_t value = in.u8();
  if (value < kFirstLongVarying) return value;
  for (unsigned shift = 4; shift <= 60 && !in.failed(); shift += 7) {
    const std::uint64_t byte = in.u8();
    // What does not fit 64 bits is no number: cut off, it would be another one.
    if ((byte << shift) >> shift != byte || __builtin_add_overflow(value, byte << shift, &value)) break;
    if (byte < 0x80 && !in.failed()) return value;
  }
  in.fail();
  return 0;
}

/// How many bytes it took.
inline std::size_t put_varying(std::uint64_t value, std::span<char, kLongestVarying> out) {
  std::size_t size = 0;
  const auto put = [&](std::uint64_t byte) { out[size++] = static_cast<char>(byte & 0xff); };
  if (value < kFirstLongVarying) {
    put(value);
    return size;
  }
  put(value | kFirstLongVarying);
  for (value = (value - kFirstLongVarying) >> 4; value >= 0x80; value = (value - 0x80) >> 7) put(value | 0x80);
  put(value);
  return size;
}

}  // namespace weir::proto
