// Bob Jenkins' 4-byte full avalanche: every bit of the input may turn every bit of the result.
#pragma once

#include <cstdint>

namespace weir {

[[nodiscard]] constexpr std::uint32_t avalanche(std::uint32_t a) {
  a = (a + 0x7ed55d16U) + (a << 12U);
  a = (a ^ 0xc761c23cU) ^ (a >> 19U);
  a = (a + 0x165667b1U) + (a << 5U);
  a = (a + 0xd3a2646cU) ^ (a << 9U);
  a = (a + 0xfd7046c5U) + (a << 3U);
  a = (a ^ 0xb55a4f09U) ^ (a >> 16U);
  return a - (a << 30U);  // the seventh step was found by comparing with the running program
}

}  // namespace weir
