#include "proto/http1/host.h"

#include <algorithm>

#include "proto/http/text.h"

namespace weir::proto::http1 {
namespace {

using http::FieldId;
using http::Head;
using http::Method;
using http::Version;
using http::Violation;

// RFC 3986 3.2.2: unreserved, percent-encoded, sub-delims, and the colon and brackets of addresses and ports.
constexpr std::array<bool, 256> kHostBytes = http::alphanumeric_and("-._~%!$&'()*+,;=:[]");

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kHostBytes[static_cast<unsigned char>(c)]; });
}

/// Where the port's colon is, or the size.
std::size_t port_colon(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon))
    return authority.size();
  return colon;
}

/// The authority of "scheme://user@authority/path", without the user; empty for another form.
std::string_view authority_of(std::string_view target, std::string_view& scheme) {
  if (target.empty() || !http::is_letter(target.front())) return {};
  const std::size_t end = target.find("://");
  if (end == std::string_view::npos) return {};
  scheme = target.substr(0, end);
  const auto scheme_byte = [](char c) {
    return http::is_letter(c) || http::is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  if (!std::ranges::all_of(scheme, scheme_byte)) return {};
  std::string_view authority = target.substr(end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
  return authority;
}

/// A port that says no more than the scheme does, taken away. CONNECT has no scheme: COMPAT, both ports are usual then.
std::string_view without_usual_port(std::string_view authority, std::string_view scheme) {
  const std::size_t colon = port_colon(authority);
  if (colon == authority.size()) return authority;
  const std::string_view port = authority.substr(colon + 1);
  const bool usual = port.empty() || (port == "80" && !http::same_name(scheme, "https")) ||
                     (port == "443" && !http::same_name(scheme, "http"));
  return usual ? authority.substr(0, colon) : authority;
}

/// host:port, both there.
bool is_connect_target(std::string_view target) {
  const std::size_t colon = port_colon(target);
  if (colon == 0 || colon + 1 >= target.size() || !is_host(target)) return false;
  const std::string_view port = target.substr(colon + 1);
  return port.size() <= 5 && std::ranges::all_of(port, http::is_digit);
}

}  // namespace

Violation check_target(const Head& head, bool accept_unsafe) {
  if (accept_unsafe) return Violation::none;
  const std::string_view target = head.target;
  if (head.method == Method::connect) return is_connect_target(target) ? Violation::none : Violation::bad_target;
  if (target.find('#') != std::string_view::npos) return Violation::bad_target;  // RFC 9112 3.2: no fragment
  if (target.front() == '/' || target == "*") return Violation::none;
  std::string_view scheme;
  const std::string_view authority = authority_of(target, scheme);
  return !authority.empty() && is_host(authority) ? Violation::none : Violation::bad_target;
}

Violation check_host(Head& head, bool accept_unsafe) {
  http::Field* host = head.find(FieldId::host);
  if (host != nullptr) {
    for (auto* next = head.find(FieldId::host, head.index_of(host) + 1); next != nullptr;
         next = head.find(FieldId::host, head.index_of(next) + 1)) {
      // COMPAT: the same one said twice is taken for one.
      if (!http::same_name(next->value, host->value)) return Violation::bad_host;
      next->removed = true;
    }
    if (!accept_unsafe && !is_host(host->value)) return Violation::bad_host;
  }
  if (accept_unsafe || head.target.front() == '/' || head.target == "*") return Violation::none;
  std::string_view scheme;
  const std::string_view authority = head.method == Method::connect ? head.target : authority_of(head.target, scheme);
  if (host == nullptr) {
    if (head.version == Version::http10) return Violation::none;
    return head.add("host", FieldId::host, authority) ? Violation::none : Violation::too_many_fields;
  }
  const bool same = http::same_name(without_usual_port(authority, scheme), without_usual_port(host->value, scheme));
  return same ? Violation::none : Violation::bad_host;
}

}  // namespace weir::proto::http1
