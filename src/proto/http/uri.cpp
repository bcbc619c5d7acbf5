#include "proto/http/uri.h"

#include <algorithm>

#include "proto/http/text.h"

namespace weir::proto::http {

Target split_target(std::string_view target, bool authority_form) {
  if (authority_form) return {.scheme = {}, .authority = target, .path_query = {}};
  if (target.starts_with('/')) return {.scheme = {}, .authority = {}, .path_query = target};
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return {};
  const auto scheme_byte = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  if (!is_letter(target.front()) || !std::ranges::all_of(target.substr(0, scheme), scheme_byte)) return {};
  const std::string_view rest = target.substr(scheme + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  return {.scheme = target.substr(0, scheme), .authority = rest.substr(0, end), .path_query = rest.substr(end)};
}

std::string_view path_of(std::string_view path_query) { return path_query.substr(0, path_query.find('?')); }

std::optional<std::string_view> query_of(std::string_view path_query) {
  const std::size_t mark = path_query.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  return path_query.substr(mark + 1);
}

std::string_view without_user(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

namespace {
// Unreserved, percent-encoded, sub-delims, and the colon and brackets of addresses and ports.
constexpr std::array<bool, 256> kHostBytes = alphanumeric_and("-._~%!$&'()*+,;=:[]");

/// Where the port's colon is, or the size; those within brackets are the address's.
std::size_t port_colon(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon))
    return authority.size();
  return colon;
}
}  // namespace

std::string_view host_of(std::string_view authority) { return authority.substr(0, port_colon(authority)); }

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kHostBytes[static_cast<unsigned char>(c)]; });
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty() || digits.size() > 5 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::uint32_t port = 0;
  for (const char c : digits) port = port * 10 + static_cast<std::uint32_t>(c - '0');
  return port <= 0xffff ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view authority) {
  const std::size_t colon = port_colon(authority);
  return colon == authority.size() ? std::nullopt : parse_port(authority.substr(colon + 1));
}

std::optional<ParameterWalk::Parameter> ParameterWalk::next() {
  while (position_ < text_.size()) {
    const std::size_t end = std::min(text_.find_first_of(ends_, position_), text_.size());
    const std::string_view parameter = text_.substr(position_, end - position_);
    position_ = std::min(end + 1, text_.size());
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    return Parameter{.name = parameter.substr(0, equals), .value = parameter.substr(equals + 1)};
  }
  return std::nullopt;
}

}  // namespace weir::proto::http
