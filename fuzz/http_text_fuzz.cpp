// layers: proto base
//
// Targets, cookies, values and dates: views lie in the input and in order, normalizers never grow a target, and all
// but sorting settle when they are applied again.
#include <array>
#include <string>
#include <vector>

#include "base/assert.h"
#include "proto/http/cookie.h"
#include "proto/http/date.h"
#include "proto/http/fields.h"
#include "proto/http/forwarded.h"
#include "proto/http/normalize.h"
#include "proto/http/uri.h"

namespace http = weir::proto::http;

namespace {

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_target(std::string_view target) {
  for (const bool authority_form : {false, true}) {
    const http::Target parts = http::split_target(target, authority_form);
    WEIR_ASSERT(inside(parts.scheme, target) && inside(parts.authority, target) && inside(parts.path_query, target));
    WEIR_ASSERT(inside(http::host_of(http::without_user(parts.authority)), target));
    (void)http::port_of(parts.authority);
  }
  for (const std::string_view ends : {"&", "&;", "="}) {
    http::ParameterWalk walk(target, ends);
    std::size_t before = 0;
    while (const auto one = walk.next()) {
      WEIR_ASSERT(inside(one->name, target) && inside(one->value, target) && walk.position() > before);
      before = walk.position();
    }
  }
}

void check_normalizers(std::string_view target) {
  for (int kind = 0; kind <= static_cast<int>(http::Normalizer::query_sort_by_name); ++kind) {
    const auto normalizer = static_cast<http::Normalizer>(kind);
    for (const bool option : {false, true}) {
      std::vector<char> out(target.size() + 2);
      const auto once = http::normalize(normalizer, target, option, out);
      if (once.outcome != http::Normalized::Outcome::changed) continue;
      const bool may_grow = normalizer == http::Normalizer::fragment_encode;
      WEIR_ASSERT(once.target.size() <= target.size() + (may_grow ? 2 : 0));
      if (may_grow || normalizer == http::Normalizer::percent_decode_unreserved) continue;  // "%%36%36"
      std::vector<char> again(out.size());
      const auto twice = http::normalize(normalizer, once.target, option, again);
      WEIR_ASSERT(twice.outcome == http::Normalized::Outcome::unchanged);
    }
  }
}

void check_cookies(std::string_view field) {
  http::CookieWalk walk(field);
  std::size_t before = 0;
  while (const auto cookie = walk.next()) {
    WEIR_ASSERT(inside(cookie->name, field) && inside(cookie->value, field));
    WEIR_ASSERT(walk.position() > before);
    before = walk.position();
  }
  (void)http::set_cookie(field);
  (void)http::set_cookie_attribute(field, "path");
}

void check_values(std::string_view text) {
  std::array<http::Field, 2> storage;
  http::Head head(storage);
  const std::string_view first = text.substr(0, text.size() / 2);
  const std::string_view second = text.substr(text.size() / 2);
  WEIR_ASSERT(head.add("x", first) && head.add("X", second));
  const http::FieldName name("x");
  for (const bool whole : {false, true}) {
    const auto count = static_cast<std::int64_t>(http::count_values(head, &name, whole));
    http::ValueWalk walk(head, &name, whole);
    std::int64_t number = 0;
    while (const auto value = walk.next()) {
      WEIR_ASSERT(inside(*value, first) || inside(*value, second));
      if (++number > 8 && number < count - 8) continue;  // the first and the last ones will do
      WEIR_ASSERT(http::nth_value(head, &name, whole, number) == value);
      WEIR_ASSERT(http::nth_value(head, &name, whole, number - count - 1) == value);
    }
    WEIR_ASSERT(number == count && !http::nth_value(head, &name, whole, count + 1));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view text(copy.data(), copy.size());
  check_target(text);
  check_normalizers(text);
  check_cookies(text);
  check_values(text);
  for (const std::string_view name : {"for", "host"}) {
    const auto value = http::forwarded_parameter(text, name);
    WEIR_ASSERT(!value || (inside(*value, text) && http::is_forwarded(text)));
  }
  if (const auto time = http::parse_date(text, 1767323045)) {
    const auto written = http::write_date(*time);
    WEIR_ASSERT(http::parse_date({written.data(), written.size()}, 0) == time);
  }
  return 0;
}
