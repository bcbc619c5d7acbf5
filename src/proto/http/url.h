// An http or https URL taken apart: where to connect, what to ask for. And what a Location means beside it.
//
// Strict: what a browser would repair is refused with a reason, for whoever wrote it (a configuration, another server's
// redirect) should know. No user and password in it: they would stand in logs. The fragment is dropped: it never leaves
// a client. Spec: RFC 3986 3 and 5.2, RFC 9110 4.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::proto::http {

struct Url {
  static constexpr std::size_t kLongest = 8192;

  bool tls = false;
  std::string host;        // a name in small letters, or an address; brackets removed
  bool literal = false;    // the host is an address, not a name
  std::uint16_t port = 0;  // 80 and 443 where the URL says nothing
  std::string target;      // path and query, "/" at least

  /// As a Host field has it: the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// The error says what is wrong, for a person.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
/// What `reference`, a Location, means in an answer from `base`.
[[nodiscard]] Result<Url> resolve_reference(const Url& base, std::string_view reference);

}  // namespace weir::proto::http
