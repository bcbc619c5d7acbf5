#include "proto/syslog.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

namespace weir::proto {
namespace {

constexpr std::string_view kFacilities[] = {
    "kern", "user",  "mail",  "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "auth2",  "ftp",
    "ntp",  "audit", "alert", "cron2",  "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::string_view kLevels[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
constexpr std::string_view kFormats[] = {"local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<std::uint8_t> index_of(std::span<const std::string_view> names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - names.begin());
}

/// Writes `count` decimal digits, leading zeros included.
void put_digits(char* to, std::uint32_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}
void put_digits(char* to, int value, int count) { put_digits(to, static_cast<std::uint32_t>(value), count); }

class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void text(std::string_view bytes) {
    const std::size_t count = std::min(bytes.size(), out_.size() - used_);
    if (count != 0) std::memcpy(out_.data() + used_, bytes.data(), count);
    used_ += count;
  }
  void number(unsigned value) {
    char digits[10];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text({digits, static_cast<std::size_t>(end - digits)});
  }
  void bracketed(unsigned value) {
    text("<");
    number(value);
    text(">");
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
};

std::string_view or_dash(std::string_view text) { return text.empty() ? std::string_view{"-"} : text; }

void write_bsd(Writer& writer, const SyslogHeader& header, unsigned priority, const SyslogClock& clock) {
  writer.bracketed(priority);
  writer.text(clock.rfc3164());
  writer.text(" ");
  if (header.format == SyslogFormat::rfc3164) {
    writer.text(header.hostname.empty() ? std::string_view{"localhost"} : header.hostname);
    writer.text(" ");
  }
  writer.text(header.tag);
  writer.text("[");
  writer.text(header.pid);
  writer.text("]: ");
}

void write_rfc5424(Writer& writer, const SyslogHeader& header, unsigned priority, const SyslogClock& clock) {
  writer.bracketed(priority);
  writer.text("1 ");
  writer.text(clock.iso());
  for (const std::string_view field : {header.hostname, header.tag, header.pid}) {
    writer.text(" ");
    writer.text(or_dash(field));
  }
  writer.text(" - ");
  writer.text(or_dash(header.structured_data));
  writer.text(" ");
}

}  // namespace

std::optional<SyslogFacility> syslog_facility(std::string_view name) { return index_of(kFacilities, name); }
std::optional<SyslogLevel> syslog_level(std::string_view name) {
  const auto index = index_of(kLevels, name);
  if (!index) return std::nullopt;
  return static_cast<SyslogLevel>(*index);
}
std::optional<SyslogFormat> syslog_format(std::string_view name) {
  const auto index = index_of(kFormats, name);
  if (!index) return std::nullopt;
  return static_cast<SyslogFormat>(*index);
}
std::string_view syslog_name(SyslogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }
std::string_view syslog_name(SyslogFormat format) { return kFormats[static_cast<std::size_t>(format)]; }
std::string_view syslog_facility_name(SyslogFacility facility) { return kFacilities[facility % 24]; }
std::span<const std::string_view> syslog_facility_names() { return kFacilities; }
std::span<const std::string_view> syslog_level_names() { return kLevels; }
std::span<const std::string_view> syslog_format_names() { return kFormats; }

void SyslogClock::set(WallTime now) {
  const auto since_epoch = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count();
  std::int64_t second = since_epoch / 1000000;
  std::int64_t micros = since_epoch % 1000000;
  if (micros < 0) {
    micros += 1000000;
    --second;
  }
  if (second != second_) reformat(second);
  put_digits(iso_.data() + 20, static_cast<std::uint32_t>(micros), 6);
}

void SyslogClock::reformat(std::int64_t second) {
  second_ = second;
  const std::time_t time = second;
  std::tm local{};
  localtime_r(&time, &local);
  std::memset(rfc3164_.data(), ' ', rfc3164_.size());
  std::memcpy(rfc3164_.data(), kMonths[local.tm_mon].data(), 3);
  if (local.tm_mday >= 10) rfc3164_[4] = static_cast<char>('0' + local.tm_mday / 10);
  rfc3164_[5] = static_cast<char>('0' + local.tm_mday % 10);
  put_digits(rfc3164_.data() + 7, local.tm_hour, 2);
  put_digits(rfc3164_.data() + 10, local.tm_min, 2);
  put_digits(rfc3164_.data() + 13, local.tm_sec, 2);
  rfc3164_[9] = rfc3164_[12] = ':';

  std::memcpy(iso_.data(), "0000-00-00T00:00:00.000000+00:00", 32);
  put_digits(iso_.data(), local.tm_year + 1900, 4);
  put_digits(iso_.data() + 5, local.tm_mon + 1, 2);
  put_digits(iso_.data() + 8, local.tm_mday, 2);
  put_digits(iso_.data() + 11, local.tm_hour, 2);
  put_digits(iso_.data() + 14, local.tm_min, 2);
  put_digits(iso_.data() + 17, local.tm_sec, 2);
  const long offset = local.tm_gmtoff < 0 ? -local.tm_gmtoff : local.tm_gmtoff;
  iso_[26] = local.tm_gmtoff < 0 ? '-' : '+';
  put_digits(iso_.data() + 27, static_cast<int>(offset / 3600), 2);
  put_digits(iso_.data() + 30, static_cast<int>(offset / 60 % 60), 2);
}

std::size_t write_syslog_header(const SyslogHeader& header, const SyslogClock& clock, std::span<char> out) {
  Writer writer(out);
  const auto level = static_cast<unsigned>(header.level);
  const unsigned priority = header.facility * 8U + level;
  switch (header.format) {
    case SyslogFormat::local:
    case SyslogFormat::rfc3164: write_bsd(writer, header, priority, clock); break;
    case SyslogFormat::rfc5424: write_rfc5424(writer, header, priority, clock); break;
    case SyslogFormat::priority: writer.bracketed(priority); break;
    case SyslogFormat::short_: writer.bracketed(level); break;
    case SyslogFormat::timed: writer.bracketed(level); [[fallthrough]];
    case SyslogFormat::iso:
      writer.text(clock.iso());
      writer.text(" ");
      break;
    case SyslogFormat::raw: break;
  }
  return writer.used();
}

std::size_t write_octet_count(std::size_t length, std::span<char> out) {
  char digits[21];
  char* const end = std::to_chars(digits, digits + 20, length).ptr;
  *end = ' ';
  const auto size = static_cast<std::size_t>(end - digits) + 1;
  if (size > out.size()) return 0;
  std::memcpy(out.data(), digits, size);
  return size;
}

}  // namespace weir::proto
