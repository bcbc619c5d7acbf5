// Cookies, of the client and set by the server. Manual 7.3.6: req.cook and its relatives; codec: proto/http/cookie.h.
#include "proto/http/cookie.h"

#include "sample/fetch/http.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

namespace http = proto::http;

/// All cookies of a message, in order, and where to go on.
class MessageCookies {
 public:
  explicit MessageCookies(const http::Head& head)
      : head_(head), id_(head.is_request ? http::FieldId::cookie : http::FieldId::set_cookie) {}
  void go_to(const Occurrences& place) {
    item_ = place.item;
    offset_ = place.offset;
  }
  void leave_place(Occurrences& place) const { place.go_on(item_, offset_); }

  std::optional<http::Cookie> next() {
    while (const http::Field* field = head_.find(id_, item_)) {
      const std::size_t index = head_.index_of(field);
      if (index != item_) offset_ = 0;
      item_ = index;
      if (!head_.is_request) {
        ++item_;  // one cookie a field
        if (const auto cookie = http::set_cookie(field->value)) return cookie;
        continue;
      }
      http::CookieWalk walk(field->value);
      walk.go_to(offset_);
      const auto cookie = walk.next();
      offset_ = walk.position();
      if (cookie) return cookie;
      ++item_;
      offset_ = 0;
    }
    return std::nullopt;
  }

 private:
  const http::Head& head_;
  http::FieldId id_;
  std::size_t item_ = 0;
  std::size_t offset_ = 0;
};

std::string_view wanted_name(const Args& args) {
  return args.has(0) ? std::string_view(args[0].text) : std::string_view();
}

Sample as_sample(std::string_view value, bool integer) {
  return integer ? Sample::integer(leading_integer(value)) : Sample::string(value);
}

/// The last one of that name, or the first of all; for an ACL, one after the other.
template <Side side, bool integer>
FetchStatus cookie_value(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const std::string_view name = wanted_name(args);
  MessageCookies cookies(*message.head);
  if (context.each != nullptr) cookies.go_to(*context.each);
  bool found = false;
  while (const auto cookie = cookies.next()) {
    if (!name.empty() && cookie->name != name) continue;
    out = as_sample(cookie->value, integer);
    found = true;
    if (context.each != nullptr) cookies.leave_place(*context.each);
    if (context.each != nullptr || name.empty()) break;
  }
  return found ? FetchStatus::ok : FetchStatus::absent;
}

template <Side side>
FetchStatus cookie_count(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const std::string_view name = wanted_name(args);
  MessageCookies cookies(*message.head);
  std::int64_t count = 0;
  while (const auto cookie = cookies.next()) count += name.empty() || cookie->name == name ? 1 : 0;
  out = Sample::integer(count);
  return FetchStatus::ok;
}

template <Side side>
FetchStatus cookie_names(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const std::string_view delimiter = wanted_name(args);
  Joined joined(context.arena, delimiter.empty() ? "," : delimiter);
  MessageCookies cookies(*message.head);
  while (const auto cookie = cookies.next()) {
    if (!joined.add(cookie->name)) return FetchStatus::absent;
  }
  out = Sample::string(joined.text());
  return FetchStatus::ok;
}

constexpr ArgSpec kNamed = args(0, {ArgKind::string});
constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: a\r\nCookie: user=12; theme = dark\r\nCookie: user=13; \r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nSet-Cookie: user=7; Path=/\r\nSet-Cookie: theme=dark; Secure\r\n\r\n";
constexpr std::string_view kCook =
    "The value of the client's cookie of that name, the last one; without a name, of the first cookie. An ACL looks at "
    "all of them.";
constexpr std::string_view kSetCook = "The value of the cookie of that name that the server sets, the last one.";
constexpr std::string_view kCount = "How many cookies of that name there are, or how many cookies at all.";
constexpr std::string_view kNames = "The names of all cookies, with a comma or another delimiter between them.";
constexpr std::string_view kInteger = "The value of a cookie as an integer; 0 for what does not begin with one.";

constexpr Fetch kRows[] = {
    {.name = "cook",
     .deprecated_for = "req.cook",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = cookie_value<Side::request, false>,
     .doc = "An older name of req.cook.",
     .each = true},
    {.name = "cook_cnt",
     .deprecated_for = "req.cook_cnt",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = cookie_count<Side::request>,
     .doc = "An older name of req.cook_cnt."},
    {.name = "cook_val",
     .deprecated_for = "req.cook_val",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = cookie_value<Side::request, true>,
     .doc = "An older name of req.cook_val.",
     .each = true},
    {.name = "cookie",
     .deprecated_for = "req.cook",
     .args = kNamed,
     .out = Type::string,
     .fetch = cookie_value<Side::either, false>,
     .doc = "req.cook in requests, res.cook in responses.",
     .given = {.request = kRequest},
     .examples = {{{"cookie(user)", "13"}}},
     .each = true},
    {.name = "req.cook",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = cookie_value<Side::request, false>,
     .doc = kCook,
     .given = {.request = kRequest},
     .examples =
         {{{"req.cook(user)", "13"}, {"req.cook(theme)", "dark"}, {"req.cook", "12"}, {"req.cook(USER)", "", true}}},
     .each = true},
    {.name = "req.cook_cnt",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = cookie_count<Side::request>,
     .doc = kCount,
     .given = {.request = kRequest},
     .examples = {{{"req.cook_cnt(user)", "2"}, {"req.cook_cnt", "3"}}}},
    {.name = "req.cook_names",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = cookie_names<Side::request>,
     .doc = kNames,
     .given = {.request = kRequest},
     .examples = {{{"req.cook_names", "user,theme,user"}, {"req.cook_names(:)", "user:theme:user"}}}},
    {.name = "req.cook_val",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = cookie_value<Side::request, true>,
     .doc = kInteger,
     .given = {.request = kRequest},
     .examples = {{{"req.cook_val(user)", "13"}, {"req.cook_val(theme)", "0"}, {"req.cook_val(none)", "", true}}},
     .each = true},
    {.name = "res.cook",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = cookie_value<Side::response, false>,
     .doc = kSetCook,
     .given = {.response = kResponse},
     .examples = {{{"res.cook(user)", "7"}, {"res.cook(Path)", "", true}}},
     .each = true},
    {.name = "res.cook_cnt",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = cookie_count<Side::response>,
     .doc = kCount,
     .given = {.response = kResponse},
     .examples = {{{"res.cook_cnt", "2"}}}},
    {.name = "res.cook_names",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = cookie_names<Side::response>,
     .doc = kNames,
     .given = {.response = kResponse},
     .examples = {{{"res.cook_names", "user,theme"}}}},
    {.name = "res.cook_val",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = cookie_value<Side::response, true>,
     .doc = kInteger,
     .given = {.response = kResponse},
     .examples = {{{"res.cook_val(user)", "7"}}},
     .each = true},
    {.name = "scook",
     .deprecated_for = "res.cook",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = cookie_value<Side::response, false>,
     .doc = "An older name of res.cook.",
     .each = true},
    {.name = "scook_cnt",
     .deprecated_for = "res.cook_cnt",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = cookie_count<Side::response>,
     .doc = "An older name of res.cook_cnt."},
    {.name = "scook_val",
     .deprecated_for = "res.cook_val",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = cookie_value<Side::response, true>,
     .doc = "An older name of res.cook_val.",
     .each = true},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_cookie_fetches{kRows};
}  // namespace weir::sample
