// The syslog header before a log message, in every format a `log` line can name, written into the caller's buffer.
//
// A header is written once per line and target, so it must be cheap: the two date forms are kept ready in a SyslogClock
// that reformats only when the second changes; the microseconds of ISO dates are patched in. The codec knows no clock:
// the caller brings the time. Messages follow the header directly; the line feed that ends a line does not count for
// its length limit. Spec: RFC 3164 4.1, RFC 5424 6, RFC 6587 3.4 (framing). Manual: log, "format".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"

namespace weir::proto {

enum class SyslogLevel : std::uint8_t { emerg, alert, crit, err, warning, notice, info, debug };

enum class SyslogFormat : std::uint8_t {
  local,     // <pri>Mmm dd hh:mm:ss tag[pid]:
  rfc3164,   // <pri>Mmm dd hh:mm:ss host tag[pid]:
  rfc5424,   // <pri>1 iso-date host tag pid - structured-data
  priority,  // <pri>
  short_,    // <level>
  timed,     // <level>iso-date
  iso,       // iso-date
  raw,       // nothing
};

/// Facilities are the numbers 0 to 23 of RFC 5424 6.2.1 under the configuration's names.
using SyslogFacility = std::uint8_t;

[[nodiscard]] std::optional<SyslogFacility> syslog_facility(std::string_view name);
[[nodiscard]] std::optional<SyslogLevel> syslog_level(std::string_view name);
[[nodiscard]] std::optional<SyslogFormat> syslog_format(std::string_view name);
[[nodiscard]] std::string_view syslog_name(SyslogLevel level);
[[nodiscard]] std::string_view syslog_name(SyslogFormat format);
[[nodiscard]] std::string_view syslog_facility_name(SyslogFacility facility);
/// All names in their numeric order, for error messages.
[[nodiscard]] std::span<const std::string_view> syslog_facility_names();
[[nodiscard]] std::span<const std::string_view> syslog_level_names();
[[nodiscard]] std::span<const std::string_view> syslog_format_names();

/// Both date forms in local time, cached for the second they were made for. Belongs to one thread.
class SyslogClock {
 public:
  void set(WallTime now);
  /// "Nov 24 12:31:25", the day padded with a space.
  [[nodiscard]] std::string_view rfc3164() const { return {rfc3164_.data(), 15}; }
  /// "2026-11-24T12:31:26.000902+00:00".
  [[nodiscard]] std::string_view iso() const { return {iso_.data(), 32}; }

 private:
  void reformat(std::int64_t second);
  std::int64_t second_ = INT64_MIN;
  std::array<char, 16> rfc3164_{};
  std::array<char, 40> iso_{};
};

struct SyslogHeader {
  SyslogFormat format = SyslogFormat::local;
  SyslogFacility facility = 0;
  SyslogLevel level = SyslogLevel::info;
  std::string_view hostname;  // empty: "localhost" in RFC 3164, "-" in RFC 5424
  std::string_view tag;
  std::string_view pid;              // as decimal digits
  std::string_view structured_data;  // RFC 5424 only; empty: "-"
};

/// Writes the header, cut at the end of `out`; returns its length. Only RFC 5424 headers with long structured data and
/// overlong tags can be cut: everything else is below kMaxSyslogFixedHeader plus the lengths of host name, tag and pid.
[[nodiscard]] std::size_t write_syslog_header(const SyslogHeader& header, const SyslogClock& clock,
                                              std::span<char> out);
inline constexpr std::size_t kMaxSyslogFixedHeader = 64;

/// RFC 6587 octet counting: the decimal length and a space. Returns the number of characters written; `out` needs 21.
[[nodiscard]] std::size_t write_octet_count(std::size_t length, std::span<char> out);

}  // namespace weir::proto
