// A digest as text, for those who are not a rule's converter.
#pragma once

#include <string>
#include <string_view>

namespace weir::tls {

/// The SHA-256 of `text` in Base64, as Content-Security-Policy and its kin write it.
[[nodiscard]] std::string sha256_base64(std::string_view text);

}  // namespace weir::tls
