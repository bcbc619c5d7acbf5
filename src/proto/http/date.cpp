#include "proto/http/date.h"

#include <algorithm>
#include <chrono>

#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads a date word by word; after the first mismatch everything fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  Reader& literal(std::string_view text) {
    good_ = good_ && rest_.starts_with(text);
    if (good_) rest_.remove_prefix(text.size());
    return *this;
  }
  int digits(std::size_t count) {
    good_ = good_ && rest_.size() >= count &&
            std::all_of(rest_.begin(), rest_.begin() + static_cast<long>(count), is_digit);
    if (!good_) return 0;
    int value = 0;
    for (const char c : rest_.substr(0, count)) value = value * 10 + (c - '0');
    rest_.remove_prefix(count);
    return value;
  }
  /// "06", or " 6" as asctime writes it.
  int padded_day() {
    const bool blank = good_ && rest_.starts_with(' ');
    if (blank) rest_.remove_prefix(1);
    return digits(blank ? 1 : 2);
  }
  unsigned month() {
    const std::string_view name = rest_.substr(0, 3);
    const std::size_t at = name.size() == 3 ? kMonths.find(name) : std::string_view::npos;
    good_ = good_ && at != std::string_view::npos && at % 3 == 0;
    if (!good_) return 0;
    rest_.remove_prefix(3);
    return static_cast<unsigned>(at / 3 + 1);
  }
  int clock() {
    const int hours = digits(2);
    const int minutes = literal(":").digits(2);
    const int seconds = literal(":").digits(2);
    good_ = good_ && hours < 24 && minutes < 60 && seconds <= 60;
    return hours * 3600 + minutes * 60 + std::min(seconds, 59);
  }
  /// A weekday; which one is not checked against the date.
  Reader& day_name(bool whole) {
    const auto* day = std::ranges::find_if(
        kDays, [&](std::string_view name) { return rest_.starts_with(whole ? name : name.substr(0, 3)); });
    good_ = good_ && day != std::end(kDays);
    if (good_) rest_.remove_prefix(whole ? day->size() : 3);
    return *this;
  }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<std::int64_t> seconds_of(int year, unsigned month, int day, int clock) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400} + clock;
}

/// RFC 9110 5.6.7: a year that seems more than 50 years in the future was in the past.
int whole_year(int two_digits, std::int64_t now) {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(now)));
  const int this_year = int{std::chrono::year_month_day(today).year()};
  const int year = this_year - this_year % 100 + two_digits;
  return year > this_year + 50 ? year - 100 : year;
}

std::optional<std::int64_t> parse_fixed(std::string_view text) {
  Reader reader(text);
  const int day = reader.day_name(false).literal(", ").digits(2);
  const unsigned month = reader.literal(" ").month();
  const int year = reader.literal(" ").digits(4);
  const int clock = reader.literal(" ").clock();
  return reader.literal(" GMT").done() ? seconds_of(year, month, day, clock) : std::nullopt;
}

std::optional<std::int64_t> parse_rfc850(std::string_view text, std::int64_t now) {
  Reader reader(text);
  const int day = reader.day_name(true).literal(", ").digits(2);
  const unsigned month = reader.literal("-").month();
  const int year = reader.literal("-").digits(2);
  const int clock = reader.literal(" ").clock();
  return reader.literal(" GMT").done() ? seconds_of(whole_year(year, now), month, day, clock) : std::nullopt;
}

std::optional<std::int64_t> parse_asctime(std::string_view text) {
  Reader reader(text);
  const unsigned month = reader.day_name(false).literal(" ").month();
  const int day = reader.literal(" ").padded_day();
  const int clock = reader.literal(" ").clock();
  const int year = reader.literal(" ").digits(4);
  return reader.done() ? seconds_of(year, month, day, clock) : std::nullopt;
}

}  // namespace

std::array<char, kDateSize> write_date(std::int64_t seconds) {
  constexpr std::int64_t kFirst = -62135596800;  // year 1
  constexpr std::int64_t kLast = 253402300799;   // the last second of 9999
  const auto time = std::chrono::sys_seconds(std::chrono::seconds(std::clamp(seconds, kFirst, kLast)));
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  std::array<char, kDateSize> out;
  char* at = out.data();
  const auto text = [&](std::string_view part) { at = std::ranges::copy(part, at).out; };
  const auto number = [&](auto value, int digits) {
    auto left = static_cast<unsigned>(value);
    for (int i = digits; i-- > 0; left /= 10) at[i] = static_cast<char>('0' + left % 10);
    at += digits;
  };
  text(kDays[std::chrono::weekday(days).c_encoding()].substr(0, 3));
  text(", ");
  number(unsigned{date.day()}, 2);
  text(" ");
  text(kMonths.substr((unsigned{date.month()} - 1) * 3, 3));
  text(" ");
  number(int{date.year()}, 4);
  text(" ");
  number(clock.hours().count(), 2);
  text(":");
  number(clock.minutes().count(), 2);
  text(":");
  number(clock.seconds().count(), 2);
  text(" GMT");
  return out;
}

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) {
  if (const auto time = parse_fixed(text)) return time;
  if (const auto time = parse_rfc850(text, now)) return time;
  return parse_asctime(text);
}

}  // namespace weir::proto::http
