#include "proto/http/url.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/address.h"
#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

constexpr std::uint16_t kHttp = 80, kHttps = 443;
constexpr std::size_t kLongestName = 255;

std::string in_small_letters(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), lower);
  return all;
}

/// What may stand in a request's target: anything visible. Bytes above ASCII would need encoding first.
bool fits_target(char c) { return c > ' ' && c < 0x7f; }

bool is_name(std::string_view host) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; };
  return !host.empty() && host.size() <= kLongestName && std::ranges::all_of(host, fits);
}

/// The host of "host:port", its brackets kept; `rest` is the colon and what follows.
Result<std::string_view> cut_host(std::string_view authority, std::string_view& rest) {
  std::size_t end = authority.find(':');
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == authority.npos) return fail("the bracket of the address is not closed");
    ++end;
  }
  end = std::min(end, authority.size());
  rest = authority.substr(end);
  return authority.substr(0, end);
}

Result<void> read_port(std::string_view rest, Url& url) {
  url.port = url.tls ? kHttps : kHttp;
  if (rest.empty() || rest == ":") return {};
  if (!rest.starts_with(':')) return fail("something stands between the address and the port");
  rest.remove_prefix(1);
  unsigned port = 0;
  const auto [end, wrong] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (wrong != std::errc{} || end != rest.data() + rest.size() || !is_digit(rest[0]) || port == 0 || port > 65535)
    return fail("'" + std::string(rest) + "' is no port");
  url.port = static_cast<std::uint16_t>(port);
  return {};
}

Result<void> read_authority(std::string_view authority, Url& url) {
  if (authority.contains('@')) return fail("a URL with a user's name or password is not taken");
  std::string_view rest;
  const auto host = cut_host(authority, rest);
  if (!host) return unexpected(host.error());
  if (host->empty()) return fail("the URL names no host");
  const auto address = parse_address(*host);
  const bool numeric = address && address->host.empty() && address->address.is_inet() && !address->has_port;
  if (host->starts_with('[')) {
    if (!numeric || address->address.family() != AddressFamily::ipv6)
      return fail("'" + std::string(*host) + "' is no IPv6 address");
    url.host = host->substr(1, host->size() - 2);
    url.literal = true;
  } else {
    if (!is_name(*host)) return fail("'" + std::string(*host) + "' is no host");
    url.host = in_small_letters(*host);
    url.literal = numeric;
    // "1.2.3" or "300.1.1.1" would be an address to some and a name to nobody.
    if (!numeric && std::ranges::all_of(url.host, [](char c) { return is_digit(c) || c == '.'; }))
      return fail("'" + url.host + "' is no address");
  }
  return read_port(rest, url);
}

/// RFC 3986 5.2.4, of a path that begins with a slash.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> parts;
  bool open = true;  // ends in a slash
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    open = part == "." || part == "..";
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!open) parts.push_back(part);
  }
  std::string all;
  for (const std::string_view part : parts) (all += '/') += part;
  if (open || parts.empty()) all += '/';
  return all;
}

std::size_t end_of_path(std::string_view target) { return std::min(target.find('?'), target.size()); }

}  // namespace

std::string Url::authority() const {
  std::string all = literal && host.contains(':') ? "[" + host + "]" : host;
  if (port != (tls ? kHttps : kHttp)) all += ":" + std::to_string(port);
  return all;
}

std::string Url::text() const { return (tls ? "https://" : "http://") + authority() + target; }

Result<Url> parse_url(std::string_view text) {
  if (text.size() > Url::kLongest) return fail("a URL is no longer than " + std::to_string(Url::kLongest) + " bytes");
  if (!std::ranges::all_of(text, fits_target))
    return fail("a blank, a control byte or one above ASCII must be encoded");
  text = text.substr(0, text.find('#'));
  const std::size_t colon = text.find("://");
  if (colon == text.npos) return fail("a URL begins with http:// or https://");
  Url url;
  const std::string scheme = in_small_letters(text.substr(0, colon));
  url.tls = scheme == "https";
  if (!url.tls && scheme != "http") return fail("'" + scheme + "' is neither http nor https");
  text.remove_prefix(colon + 3);
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (auto read = read_authority(text.substr(0, end), url); !read) return unexpected(read.error());
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

Result<Url> resolve_reference(const Url& base, std::string_view reference) {
  if (reference.size() > Url::kLongest) return fail("the URL is too long");
  if (!std::ranges::all_of(reference, fits_target)) return fail("the URL has a byte that must be encoded");
  reference = reference.substr(0, reference.find('#'));
  const std::size_t colon = reference.find(':');
  if (colon < reference.find_first_of("/?")) return parse_url(reference);
  if (reference.starts_with("//")) return parse_url((base.tls ? "https:" : "http:") + std::string(reference));
  Url url = base;
  if (reference.empty()) return url;
  const std::string_view path = std::string_view(base.target).substr(0, end_of_path(base.target));
  if (reference.starts_with('?')) {
    url.target = std::string(path) + std::string(reference);
    return url;
  }
  const std::size_t end = end_of_path(reference);
  std::string merged;
  if (!reference.starts_with('/')) merged = path.substr(0, path.rfind('/') + 1);
  merged += reference.substr(0, end);
  url.target = without_dots(merged) + std::string(reference.substr(end));
  if (url.text().size() > Url::kLongest) return fail("the URL is too long");
  return url;
}

}  // namespace weir::proto::http
