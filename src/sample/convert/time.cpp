// Dates as people and HTTP write them. Manual 7.3.1.
//
// Formats are strftime(3)'s; those of fractions of a second know %N besides, which gives the fraction in up to nine
// digits. A format is expanded into a block of bounded size: what does not fit is absent.
#include <ctime>
#include <string>

#include "sample/tables.h"

namespace weir::sample {
namespace {

constexpr std::size_t kMaxText = 1024;

/// Seconds, and what is above them in nanoseconds; the input counts so many in a second.
struct Moment {
  std::time_t second;
  std::int64_t nanoseconds;
};
bool split(std::int64_t value, std::int64_t offset, std::int64_t in_a_second, Moment& moment) {
  if (__builtin_add_overflow(value, offset, &value)) return false;
  std::int64_t rest = value % in_a_second;
  if (rest < 0) rest += in_a_second;  // before 1970 the fraction still counts upwards
  moment = {static_cast<std::time_t>((value - rest) / in_a_second), rest * (1'000'000'000 / in_a_second)};
  return true;
}

/// Fills %N and %1N to %9N in; everything else is left to strftime. A C string in the arena, nullptr when it is full.
const char* with_fraction(std::string_view format, std::int64_t nanoseconds, Arena& arena) {
  constexpr std::size_t kDigits = 9;
  char* out = arena.take(format.size() * kDigits + 1);
  if (out == nullptr) return nullptr;
  char digits[kDigits];
  for (std::size_t i = kDigits; i-- > 0; nanoseconds /= 10) digits[i] = static_cast<char>('0' + nanoseconds % 10);
  std::size_t size = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const std::string_view rest = format.substr(i);
    const bool width = rest.size() > 2 && rest[0] == '%' && rest[1] >= '1' && rest[1] <= '9' && rest[2] == 'N';
    if (width || rest.starts_with("%N")) {
      size += std::string_view(digits, width ? static_cast<std::size_t>(rest[1] - '0') : kDigits).copy(out + size, 9);
      i += width ? 2 : 1;
      continue;
    }
    out[size++] = rest[0];
    // "%%N" is a percent sign and a letter.
    if (rest.starts_with("%%")) out[size++] = format[++i];
  }
  out[size] = '\0';
  return out;
}

bool format_time(const Args& args, Context& context, Sample& sample, std::int64_t in_a_second, bool local) {
  Moment moment{};
  if (!split(sample.as_integer(), args.integer_or(1, 0), in_a_second, moment)) return false;
  std::tm fields{};
  if ((local ? localtime_r(&moment.second, &fields) : gmtime_r(&moment.second, &fields)) == nullptr) return false;
  const char* format = args[0].text.c_str();
  if (in_a_second != 1) format = with_fraction(args[0].text, moment.nanoseconds, context.arena);
  char* out = context.arena.take(kMaxText);
  if (format == nullptr || out == nullptr) return false;
  const std::size_t size = std::strftime(out, kMaxText, format, &fields);
  context.arena.keep(out, size);
  sample = Sample::string({out, size});
  return size != 0 || *format == '\0';
}

template <std::int64_t in_a_second, bool local>
bool formatted(const Args& args, Context& context, Sample& sample) {
  return format_time(args, context, sample, in_a_second, local);
}

// RFC 9110 5.6.7, whatever the locale.
constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool http_date(const Args& args, Context& context, Sample& sample) {
  const std::int64_t unit = args.has(1) ? args[1].integer : 1'000'000;  // microseconds in one
  Moment moment{};
  if (!split(sample.as_integer(), args.integer_or(0, 0), 1'000'000 / unit, moment)) return false;
  std::tm fields{};
  if (gmtime_r(&moment.second, &fields) == nullptr || fields.tm_year > 8099 || fields.tm_year < -1900) return false;
  char text[48];
  const std::size_t size = std::strftime(text, sizeof text, "xxx, %d xxx %Y %H:%M:%S GMT", &fields);
  kDays[fields.tm_wday].copy(text, 3);
  kMonths[fields.tm_mon].copy(text + 8, 3);
  const auto copy = context.arena.copy({text, size});
  if (copy) sample = Sample::string(*copy);
  return copy.has_value();
}

/// The three forms of RFC 9110 5.6.7; all of them are UTC.
bool date(const Args&, Context&, Sample& sample) {
  const std::string text(sample.text().substr(0, 64));
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm fields{};
    const char* end = strptime(text.c_str(), form, &fields);
    if (end == nullptr || *end != '\0') continue;
    sample = Sample::integer(timegm(&fields));
    return true;
  }
  return false;
}

constexpr ArgSpec kFormat = args(1, {ArgKind::string, ArgKind::integer});

constexpr Converter kRows[] = {
    {.name = "date",
     .in = Type::string,
     .out = Type::integer,
     .apply = date,
     .doc = "The date of an HTTP header, in any of its three forms, as seconds since 1970.",
     .examples = {{{"str('Sun, 06 Nov 1994 08:49:37 GMT'),date", "784111777"},
                   {"str('Sunday, 06-Nov-94 08:49:37 GMT'),date", "784111777"},
                   {"str('Sun Nov  6 08:49:37 1994'),date", "784111777"},
                   {"str(tomorrow),date", "", true}}}},
    {.name = "http_date",
     .args = args(0, {ArgKind::integer, ArgKind::time_unit}),
     .in = Type::integer,
     .out = Type::string,
     .apply = http_date,
     .doc = "Seconds since 1970, or the unit given, as HTTP headers write dates; after an offset was added.",
     .examples = {{{"int(784111777),http_date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                   {"int(784111777000),http_date(1000,ms)", "Sun, 06 Nov 1994 08:49:38 GMT"}}}},
    {.name = "ltime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1, true>,
     .doc = "Seconds since 1970, plus an offset, as local time in a format of strftime(3).",
     .examples = {{{"int(1700000000),ltime(%s)", "1700000000"}}}},
    {.name = "ms_ltime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1000, true>,
     .doc = "As ltime, of milliseconds; %3N gives them.",
     .examples = {{{"int(1700000000123),ms_ltime(%s.%3N)", "1700000000.123"}}}},
    {.name = "ms_utime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1000, false>,
     .doc = "As utime, of milliseconds; %3N gives them.",
     .examples = {{{"int(1700000000123),ms_utime('%H:%M:%S.%3N')", "22:13:20.123"}}}},
    {.name = "us_ltime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1000000, true>,
     .doc = "As ltime, of microseconds; %6N gives them.",
     .examples = {{{"int(1700000000123456),us_ltime(%s.%6N)", "1700000000.123456"}}}},
    {.name = "us_utime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1000000, false>,
     .doc = "As utime, of microseconds; %6N gives them.",
     .examples = {{{"int(1700000000123456),us_utime(%S.%N)", "20.123456000"}}}},
    {.name = "utime",
     .args = kFormat,
     .in = Type::integer,
     .out = Type::string,
     .apply = formatted<1, false>,
     .doc = "Seconds since 1970, plus an offset, as UTC in a format of strftime(3).",
     .examples = {{{"int(1700000000),utime('%Y-%m-%d %H:%M:%S')", "2023-11-14 22:13:20"},
                   {"int(1700000000),utime(%H,3600)", "23"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> time_converters{kRows};
}  // namespace weir::sample
