// Reads the configuration's numbers with units. Manual 2.5 (time: us ms s m h d) and 2.6 (size: k m g).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

/// "3s", "500ms", "1h30m" is refused: one number, one unit. A number alone counts in `bare`. Sub-millisecond values
/// round up to one millisecond unless they are 0. Error when malformed or above 2^31-1 milliseconds, naming the limit.
Result<std::chrono::milliseconds> parse_time(std::string_view text,
                                             std::chrono::microseconds bare = std::chrono::milliseconds(1));

/// "10k" = 10 * 1024, "4m", "1g". Error when malformed, negative or above 2^63-1.
Result<std::uint64_t> parse_size(std::string_view text);

/// A whole decimal number within [min, max]; no sign unless min < 0, no spaces.
Result<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max);

struct IntegerRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
/// "403-410", the smaller one first, or one number for both ends; each as parse_integer() reads it.
Result<IntegerRange> parse_integer_range(std::string_view text, std::int64_t min, std::int64_t max);

}  // namespace weir
