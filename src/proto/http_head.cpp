#include "proto/http_head.h"

#include <algorithm>
#include <array>
#include <optional>

namespace weir::proto {
namespace {

constexpr std::array<bool, 256> kToken = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    table[static_cast<std::size_t>(c)] = letter || (c >= '0' && c <= '9');
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_token_character(char c) { return kToken[static_cast<unsigned char>(c)]; }
bool is_visible(char c) { return c > ' ' && c < 0x7f; }
/// RFC 9110 5.5: CR, LF and NUL are dangerous, other control characters may be retained. COMPAT: 2.6 takes them.
bool is_field_content(char c) { return c != '\r' && c != '\n' && c != '\0'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The authority of "scheme://authority/path"; nullopt for other forms of target.
std::optional<std::string_view> authority_of(std::string_view target) {
  if (target.starts_with('/') || target.starts_with('*')) return std::nullopt;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  std::string_view rest = target.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t user = rest.rfind('@'); user != std::string_view::npos) rest.remove_prefix(user + 1);
  return rest;
}

/// "HTTP/1.1" and whatever else has that form; RTSP is HTTP in this respect. True for what may still become it.
bool may_be_version(std::string_view text, bool whole) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool good = i == 4 ? c == '/' : i == 6 ? c == '.' : i == 5 || i == 7 ? c >= '0' && c <= '9' : i < 8;
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
  if (!std::ranges::all_of(method, is_token_character)) return {};
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
    if (line.front() == ' ' || line.front() == '\t') return std::ranges::all_of(line, is_field_content);  // folded
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!std::ranges::all_of(name, is_token_character) || !std::ranges::all_of(value, is_field_content)) return false;
    if (same_word(name, "content-length")) return take_length(value);
    return !same_word(name, "host") || !authority || same_word(value, *authority);
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
  const bool folded = !text.empty() && (text.front() == ' ' || text.front() == '\t');
  const std::string_view name = folded ? std::string_view() : text.substr(0, colon);
  const std::string_view value = folded                            ? text
                                 : colon == std::string_view::npos ? std::string_view()
                                                                   : text.substr(colon + 1);
  return std::ranges::all_of(name, is_token_character) && std::ranges::all_of(value, is_field_content);
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
    if (first && (line.front() == ' ' || line.front() == '\t')) return HttpHead::not_http;
    if (!fields.take(line)) return HttpHead::not_http;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace weir::proto
