// Dates in messages: "Sun, 06 Nov 1994 08:49:37 GMT", and the two older forms that are still read.
//
// Spec: RFC 9110 5.6.7. Written in one form only. Seconds since 1970, leap seconds do not exist.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::http {

inline constexpr std::size_t kDateSize = 29;
/// Years 1 to 9999; what is beyond is written as the nearest.
[[nodiscard]] std::array<char, kDateSize> write_date(std::int64_t seconds);
/// IMF-fixdate, RFC 850 ("Sunday, 06-Nov-94 08:49:37 GMT"; `now` settles the century) or asctime.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now);

}  // namespace weir::proto::http
