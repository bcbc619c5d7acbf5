#include "proxy/log_date.h"

#include <fmt/format.h>

#include <ctime>

namespace weir::proxy {
namespace {

enum class Zone : std::uint8_t { utc, local };

// All lines of one second share the part above the milliseconds.
struct DateText {
  std::time_t second = -1;
  char text[40] = {};
  std::size_t size = 0;

  std::string_view of(WallTime at, Zone zone, const char* format) {
    const std::time_t wanted = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
    if (second != wanted) {
      std::tm fields{};
      zone == Zone::local ? localtime_r(&wanted, &fields) : gmtime_r(&wanted, &fields);
      size = std::strftime(text, sizeof text, format, &fields);
      second = wanted;
    }
    return {text, size};
  }
};

}  // namespace

std::int64_t milliseconds_of(WallTime at) {
  return std::chrono::duration_cast<Milliseconds>(at - std::chrono::floor<std::chrono::seconds>(at)).count();
}

std::string_view date_text(WallTime at) {
  thread_local DateText date;
  return date.of(at, Zone::local, "%d/%b/%Y:%H:%M:%S");
}

void write_date_ms(sample::FormatOutput& out, WallTime at) {
  char ms[8];
  const auto end = fmt::format_to_n(ms, sizeof ms, ".{:03}", milliseconds_of(at));
  out.verbatim(date_text(at));
  out.verbatim({ms, end.size});
}

void write_date_utc(sample::FormatOutput& out, WallTime at) {
  thread_local DateText date;
  out.verbatim(date.of(at, Zone::utc, "%d/%b/%Y:%H:%M:%S +0000"));
}

void write_date_local(sample::FormatOutput& out, WallTime at) {
  thread_local DateText date;
  out.verbatim(date.of(at, Zone::local, "%d/%b/%Y:%H:%M:%S %z"));
}

}  // namespace weir::proxy
