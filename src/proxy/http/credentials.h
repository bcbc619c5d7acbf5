// The name and the password that an Authorization field of the scheme Basic carries. RFC 9110 11.4, RFC 7617.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "proto/http/text.h"
#include "sample/base64.h"

namespace weir::proxy {

/// "Basic cGFp..": a scheme and what stands behind it; empty where there is none.
struct Authorization {
  std::string_view scheme;
  std::string_view rest;
  Authorization() = default;
  explicit Authorization(std::string_view field) {
    const std::size_t space = std::min(field.find(' '), field.size());
    scheme = field.substr(0, space);
    rest = proto::http::trimmed(field.substr(space));
  }
};

struct BasicCredentials {
  std::string_view user;
  std::string_view password;
};

/// In the arena; nullopt for other schemes and for what is no pair.
inline std::optional<BasicCredentials> basic_credentials(const Authorization& field, sample::Arena& arena) {
  constexpr std::string_view kBasic = "basic";
  if (field.scheme.size() != kBasic.size() || !proto::http::is_in_small(field.scheme, kBasic)) return std::nullopt;
  const auto pair = sample::base64_decoded(field.rest, sample::Base64::plain, arena);
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == pair->npos) return std::nullopt;
  return BasicCredentials{.user = pair->substr(0, colon), .password = pair->substr(colon + 1)};
}

}  // namespace weir::proxy
