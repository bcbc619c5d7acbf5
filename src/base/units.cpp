#include "base/units.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace weir {
namespace {

struct Number {
  std::uint64_t value;
  std::string_view unit;
};

Result<Number> split_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return fail(fmt::format("'{}' is too large a number", text));
  if (error != std::errc{}) return fail(fmt::format("'{}' does not start with a number", text));
  return Number{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

}  // namespace

Result<std::chrono::milliseconds> parse_time(std::string_view text, std::chrono::microseconds bare) {
  const auto number = split_number(text);
  if (!number) return unexpected(number.error());
  std::uint64_t scale = 0;  // microseconds
  if (number->unit.empty())
    scale = static_cast<std::uint64_t>(bare.count());
  else if (number->unit == "us")
    scale = 1;
  else if (number->unit == "ms")
    scale = 1'000;
  else if (number->unit == "s")
    scale = 1'000'000;
  else if (number->unit == "m")
    scale = 60'000'000;
  else if (number->unit == "h")
    scale = 3'600'000'000;
  else if (number->unit == "d")
    scale = 86'400'000'000;
  else
    return fail(fmt::format("'{}' is no unit of time; use us, ms, s, m, h or d", number->unit));
  constexpr std::uint64_t kMax = 2'147'483'647ULL * 1'000;
  if (number->value > kMax / scale)
    return fail(fmt::format("'{}' is above the limit of 2147483647 milliseconds (24.8 days)", text));
  return std::chrono::milliseconds((number->value * scale + 999) / 1'000);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto number = split_number(text);
  if (!number) return unexpected(number.error());
  unsigned shift = 0;
  if (number->unit.empty())
    shift = 0;
  else if (number->unit == "k" || number->unit == "K")
    shift = 10;
  else if (number->unit == "m" || number->unit == "M")
    shift = 20;
  else if (number->unit == "g" || number->unit == "G")
    shift = 30;
  else
    return fail(fmt::format("'{}' is no unit of size; use k, m or g", number->unit));
  if (number->value > (static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) >> shift))
    return fail(fmt::format("'{}' is too large a size", text));
  return number->value << shift;
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size() || text.empty())
    return fail(fmt::format("'{}' is not a whole number", text));
  if (error == std::errc::result_out_of_range || value < min || value > max)
    return fail(fmt::format("{} is outside the range from {} to {}", text, min, max));
  return value;
}

Result<IntegerRange> parse_integer_range(std::string_view text, std::int64_t min, std::int64_t max) {
  const std::size_t dash = text.find('-');
  const auto low = parse_integer(text.substr(0, dash), min, max);
  if (!low) return unexpected(low.error());
  if (dash == text.npos) return IntegerRange{*low, *low};
  const auto high = parse_integer(text.substr(dash + 1), min, max);
  if (!high) return unexpected(high.error());
  if (*high < *low) return fail(fmt::format("'{}' goes downwards", text));
  return IntegerRange{*low, *high};
}

}  // namespace weir
