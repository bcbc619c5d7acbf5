// Cookies as they travel: "a=1; b=2" in Cookie, "a=1; Path=/; Secure" in Set-Cookie.
//
// Views only; quotes around a value are part of it. Values end at a semicolon, so that an unquoted comma, which old
// user agents send, does no harm. Spec: RFC 6265 4.1.1, 4.2.1; blanks around names, values and '=' do not count.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::http {

struct Cookie {
  std::string_view name;
  std::string_view value;
};

/// Walks the value of a Cookie field. What has no '=' is no cookie; COMPAT: an empty name is one.
class CookieWalk {
 public:
  explicit CookieWalk(std::string_view field) : text_(field) {}
  [[nodiscard]] std::optional<Cookie> next();
  [[nodiscard]] std::size_t position() const { return position_; }
  void go_to(std::size_t position) { position_ = position; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

/// The cookie of a Set-Cookie field: its first pair.
[[nodiscard]] std::optional<Cookie> set_cookie(std::string_view field);
/// An attribute behind it, by name whatever its case: "path" of "a=1; Path=/" is "/"; empty for one without value.
[[nodiscard]] std::optional<std::string_view> set_cookie_attribute(std::string_view field, std::string_view name);

}  // namespace weir::proto::http
