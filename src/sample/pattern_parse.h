// How single patterns are written: numbers and ranges, networks, parts between delimiters. Manual 7.1.2, 7.1.3, 7.1.6.
//
// What ACL lines, files and runtime commands give is read here, once for all of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sample/pattern.h"

namespace weir::sample {

/// Integers from `low` to `high`; none when `low` is the larger one.
struct IntegerRange {
  std::int64_t low;
  std::int64_t high;
  [[nodiscard]] bool empty() const { return low > high; }
};
/// The error says what is wrong with `pattern` and what was expected.
Result<IntegerRange> parse_integers(std::string_view pattern, IntegerOperator op, bool versions);
/// The range as a pattern: "80", "1:10", "101:".
[[nodiscard]] std::string integers_text(const IntegerRange& range, bool versions);

/// A network, IPv4 ones as the IPv6 ones they map to (::ffff:0:0/96), so that all have one kind of key.
struct Network {
  std::array<unsigned char, 16> bytes{};  // those beyond the length 0
  std::uint8_t length = 128;
  bool ipv4 = false;
  [[nodiscard]] std::uint32_t ipv4_address() const {
    return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
  }
};
Result<Network> parse_network(std::string_view pattern);

inline constexpr std::string_view kDirectoryDelimiters = "/";
inline constexpr std::string_view kDomainDelimiters = "./?:";
/// Patterns of kinds dir and dom without the delimiters around them; others as they are.
[[nodiscard]] std::string_view without_delimiters(MatchKind kind, std::string_view pattern);
/// Is `pattern` in `text`, with a delimiter or an end on both sides?
[[nodiscard]] bool contains_between(std::string_view text, std::string_view pattern, std::string_view delimiters);

}  // namespace weir::sample
