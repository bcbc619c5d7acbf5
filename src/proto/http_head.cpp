#include "proto/http_head.h"

#include <algorithm>
#include <optional>

#include "proto/http/head.h"
#include "proto/http/text.h"
#include "proto/http/uri.h"

namespace weir::proto {
namespace {

bool is_visible(char c) { return c > ' ' && c < 0x7f; }
/// RFC 9110 5.5: CR, LF and NUL are dangerous, other control characters may be retained. COMPAT: 2.6 takes them.
bool is_field_content(char c) { return c != '\r' && c != '\n' && c != '\0'; }

/// The authority of "scheme://authority/path"; nullopt for other forms of target.
std::optional<std::string_view> authority_of(std::string_view target) {
  const http::Target parts = http::split_target(target);
  return parts.scheme.empty() ? std::nullopt : std::optional(http::without_user(parts.authority));
}

/// "HTTP/1.1" and whatever else has that form; RTSP is HTTP in this respect. True for what may still become it.
bool may_be_version(std::string_view text, bool whole) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool good = i == 4 ? c == '/' : i == 6 ? c == '.' : i == 5 || i == 7 ? http::is_digit(c) : i < 8;
    if (!good) return false;
  }
  const std::string_view name = text.substr(0, 4);
  if (!std::string_view("HTTP").starts_with(name) && !std::string_view("RTSP").starts_with(name)) return false;
  return !whole || text.size() == 8;
}

struct RequestLine {
  bool good = false;
  bool simple = false;  // HTTP/0.9: no version, no fields
  std::string_view target{};
};

/// A whole line, or with `whole` false the beginning of one.
RequestLine read_request_line(std::string_view line, bool whole) {
  const std::size_t method_end = std::min(line.find(' '), line.size());
  const std::string_view method = line.substr(0, method_end);
  if (!std::ranges::all_of(method, http::is_token_byte)) return {};
  if (method_end == line.size()) return {.good = !whole};
  if (method.empty()) return {};
  const std::string_view rest = line.substr(method_end + 1);
  const std::size_t target_end = std::min(rest.find(' '), rest.size());
  const std::string_view target = rest.substr(0, target_end);
  if (!std::ranges::all_of(target, is_visible)) return {};
  if (target.empty()) return {.good = !whole && rest.empty()};
  // RFC 1945 4.1: only GET has a form without a version.
  if (target_end == rest.size()) return {.good = !whole || method == "GET", .simple = whole, .target = target};
  return {.good = may_be_version(rest.substr(target_end + 1), whole), .target = target};
}

/// What the fields of one head say together.
struct Fields {
  std::optional<std::string_view> authority;
  std::optional<std::string_view> content_length;

  bool take(std::string_view line) {
    if (http::is_blank(line.front())) return std::ranges::all_of(line, is_field_content);  // folded
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = http::trimmed(line.substr(colon + 1));
    if (!std::ranges::all_of(name, http::is_token_byte) || !std::ranges::all_of(value, is_field_content)) return false;
    if (http::same_name(name, "content-length")) return take_length(value);
    return !http::same_name(name, "host") || !authority || http::same_name(value, *authority);
  }

 private:
  // RFC 9112 6.3: lengths that differ are a smuggling attempt.
  bool take_length(std::string_view value) {
    if (value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    const bool same = !content_length || *content_length == value;
    content_length = value;
    return same;
  }
};

/// The beginning of a field that has no end yet.
bool may_be_field(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool folded = !text.empty() && http::is_blank(text.front());
  const std::string_view name = folded ? std::string_view() : text.substr(0, colon);
  const std::string_view value = folded                            ? text
                                 : colon == std::string_view::npos ? std::string_view()
                                                                   : text.substr(colon + 1);
  return std::ranges::all_of(name, http::is_token_byte) && std::ranges::all_of(value, is_field_content);
}

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

HttpHead look_for_request_head(std::string_view bytes) {
  // RFC 9112 2.2: empty lines before the request, which some clients send, are ignored.
  while (bytes.starts_with("\r\n") || bytes.starts_with('\n')) bytes.remove_prefix(bytes[0] == '\n' ? 1 : 2);
  if (bytes.empty() || bytes == "\r") return HttpHead::need_more;
  const std::size_t first_end = bytes.find('\n');
  const bool first_whole = first_end != std::string_view::npos;
  const RequestLine request = read_request_line(without_cr(bytes.substr(0, first_end)), first_whole);
  if (!request.good) return HttpHead::not_http;
  if (!first_whole) return HttpHead::need_more;
  if (request.simple) return HttpHead::complete;
  Fields fields{.authority = authority_of(request.target), .content_length = {}};
  bytes.remove_prefix(first_end + 1);
  for (bool first = true;; first = false) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = without_cr(bytes.substr(0, end));
    if (end == std::string_view::npos) return may_be_field(line) ? HttpHead::need_more : HttpHead::not_http;
    if (line.empty()) return HttpHead::complete;
    // There is nothing yet that a first line could continue.
    if (first && http::is_blank(line.front())) return HttpHead::not_http;
    if (!fields.take(line)) return HttpHead::not_http;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace weir::proto
