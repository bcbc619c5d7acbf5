#include "proto/http/cookie.h"

#include <algorithm>

#include "proto/http/head.h"
#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

/// "name=value", blanks around both taken away.
std::optional<Cookie> read_pair(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return Cookie{.name = trimmed(text.substr(0, equals)), .value = trimmed(text.substr(equals + 1))};
}

/// Where the pair at `from` ends: a semicolon, but none between quotes that open the value.
std::size_t pair_end(std::string_view text, std::size_t from) {
  const std::size_t end = std::min(text.find(';', from), text.size());
  const std::size_t equals =
      text.substr(from, end - from).find('=');  // not beyond: that would cost a pass for each pair
  if (equals == std::string_view::npos) return end;
  const std::size_t value = text.find_first_not_of(" \t", from + equals + 1);
  if (value == std::string_view::npos || text[value] != '"') return end;
  const std::size_t closing = text.find('"', value + 1);
  return closing == std::string_view::npos ? end : std::min(text.find(';', closing), text.size());
}

}  // namespace

std::optional<Cookie> CookieWalk::next() {
  while (position_ < text_.size()) {
    const std::size_t end = pair_end(text_, position_);
    const auto cookie = read_pair(text_.substr(position_, end - position_));
    position_ = std::min(end + 1, text_.size());
    if (cookie) return cookie;
  }
  return std::nullopt;
}

std::optional<Cookie> set_cookie(std::string_view field) { return read_pair(field.substr(0, pair_end(field, 0))); }

std::optional<std::string_view> set_cookie_attribute(std::string_view field, std::string_view name) {
  std::size_t at = pair_end(field, 0);
  while (at < field.size()) {
    const std::size_t end = std::min(field.find(';', at + 1), field.size());
    const std::string_view attribute = field.substr(at + 1, end - at - 1);
    const std::size_t equals = std::min(attribute.find('='), attribute.size());
    if (same_name(trimmed(attribute.substr(0, equals)), name)) {
      return equals == attribute.size() ? std::string_view() : trimmed(attribute.substr(equals + 1));
    }
    at = end;
  }
  return std::nullopt;
}

}  // namespace weir::proto::http
