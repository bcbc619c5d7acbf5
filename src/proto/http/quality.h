// How much a client wants one element of a list of choices: "de;q=0.8". RFC 9110 12.4.2.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/http/text.h"

namespace weir::proto::http {

inline constexpr std::uint32_t kFullQuality = 1000;

/// Thousandths; `parameters` is what stands behind the element. What is no weight counts as 1, as where none is said.
/// COMPAT: blanks around the sign are passed over.
inline std::uint32_t quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t semicolon = parameters.find(';');
    const std::string_view one = parameters.substr(0, semicolon);
    parameters = semicolon == std::string_view::npos ? std::string_view() : parameters.substr(semicolon + 1);
    const std::size_t sign = one.find('=');
    const std::string_view name = trimmed(one.substr(0, sign));
    if (sign == std::string_view::npos || name.size() != 1 || lower(name[0]) != 'q') continue;
    const std::string_view value = trimmed(one.substr(sign + 1));
    if (!value.starts_with('0')) return kFullQuality;
    std::uint32_t quality = 0;
    std::uint32_t unit = kFullQuality / 10;
    for (std::size_t at = 2; value.size() > 2 && value[1] == '.' && at < value.size() && is_digit(value[at]); at++) {
      quality += unit * static_cast<std::uint32_t>(value[at] - '0');
      unit /= 10;
    }
    return quality;
  }
  return kFullQuality;
}

}  // namespace weir::proto::http
