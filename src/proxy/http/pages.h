// The words of a status, and the page that clients get with it when nobody wrote another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/http/settings.h"

namespace weir::proxy {

/// "Not Found"; by the first digit for statuses without words of their own.
[[nodiscard]] std::string_view reason_of(std::uint16_t status);
/// Whether errorfile and its kin may name it: it has a built-in page.
[[nodiscard]] bool has_page(std::uint16_t status);
/// The built-in page; that of 500 for a status without one.
[[nodiscard]] const Reply& built_in_page(std::uint16_t status);
/// A whole HTTP/1 answer as a file holds it. The error says what is wrong with it.
[[nodiscard]] Result<Reply> parse_page(std::string_view text);

}  // namespace weir::proxy
