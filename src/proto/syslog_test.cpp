#include "proto/syslog.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <string>

namespace weir::proto {
namespace {

/// Tests run in any zone; these need to know theirs.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    if (before_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", before_.c_str(), 1);
    }
    tzset();
  }

 private:
  std::string before_;
};

WallTime wall(std::int64_t micros) { return WallTime(std::chrono::microseconds(micros)); }
constexpr std::int64_t kNovember = 1795523486000902;  // 2026-11-24 12:31:26.000902 UTC

std::string header(const SyslogHeader& fields, std::int64_t micros = kNovember) {
  SyslogClock clock;
  clock.set(wall(micros));
  std::array<char, 512> out;
  return {out.data(), write_syslog_header(fields, clock, out)};
}

TEST(Syslog, EveryFormatAsSeenOnTheWire) {
  const Zone zone("UTC");
  const struct {
    SyslogFormat format;
    std::string_view without_host;
    std::string_view with_host;
  } cases[] = {
      {SyslogFormat::local, "<134>Nov 24 12:31:26 tagger[14745]: ", "<134>Nov 24 12:31:26 tagger[14745]: "},
      {SyslogFormat::rfc3164,
       "<134>Nov 24 12:31:26 localhost tagger[14745]: ", "<134>Nov 24 12:31:26 myhost tagger[14745]: "},
      {SyslogFormat::rfc5424, "<134>1 2026-11-24T12:31:26.000902+00:00 - tagger 14745 - - ",
       "<134>1 2026-11-24T12:31:26.000902+00:00 myhost tagger 14745 - - "},
      {SyslogFormat::short_, "<6>", "<6>"},
      {SyslogFormat::raw, "", ""},
      {SyslogFormat::timed, "<6>2026-11-24T12:31:26.000902+00:00 ", "<6>2026-11-24T12:31:26.000902+00:00 "},
      {SyslogFormat::iso, "2026-11-24T12:31:26.000902+00:00 ", "2026-11-24T12:31:26.000902+00:00 "},
      {SyslogFormat::priority, "<134>", "<134>"},
  };
  for (const auto& one : cases) {
    SyslogHeader fields{
        .format = one.format, .facility = 16, .level = SyslogLevel::info, .tag = "tagger", .pid = "14745"};
    EXPECT_EQ(header(fields), one.without_host);
    fields.hostname = "myhost";
    EXPECT_EQ(header(fields), one.with_host);
  }
}

TEST(Syslog, StructuredDataAndFacilityZero) {
  const Zone zone("UTC");
  EXPECT_EQ(header({.format = SyslogFormat::rfc5424,
                    .facility = 18,
                    .tag = "other",
                    .pid = "1",
                    .structured_data = "[a@1 b=\"c\"]"}),
            "<150>1 2026-11-24T12:31:26.000902+00:00 - other 1 - [a@1 b=\"c\"] ");
  EXPECT_EQ(header({.format = SyslogFormat::priority, .facility = 0, .level = SyslogLevel::emerg}), "<0>");
}

TEST(Syslog, DatesFollowTheZone) {
  {
    const Zone zone("XYZ-5:30");
    EXPECT_EQ(header({.format = SyslogFormat::iso}), "2026-11-24T18:01:26.000902+05:30 ");
  }
  {
    const Zone zone("XYZ3:30");
    EXPECT_EQ(header({.format = SyslogFormat::iso}), "2026-11-24T09:01:26.000902-03:30 ");
  }
  const Zone zone("UTC");
  EXPECT_EQ(header({.tag = "t", .pid = "1"}, 1767225599999999), "<6>Dec 31 23:59:59 t[1]: ");
  EXPECT_EQ(header({.tag = "t", .pid = "1"}, 1767225600000000), "<6>Jan  1 00:00:00 t[1]: ");
  EXPECT_EQ(header({.format = SyslogFormat::iso}, -1), "1969-12-31T23:59:59.999999+00:00 ");
}

TEST(Syslog, TheClockKeepsUpWithinAndAcrossSeconds) {
  const Zone zone("UTC");
  SyslogClock clock;
  clock.set(wall(kNovember));
  clock.set(wall(kNovember + 17));
  EXPECT_EQ(clock.iso(), "2026-11-24T12:31:26.000919+00:00");
  clock.set(wall(kNovember + 1000000));
  EXPECT_EQ(clock.iso(), "2026-11-24T12:31:27.000902+00:00");
  EXPECT_EQ(clock.rfc3164(), "Nov 24 12:31:27");
}

TEST(Syslog, CutAtTheEndOfTheBuffer) {
  SyslogClock clock;
  clock.set(wall(kNovember));
  std::array<char, 512> out;
  const SyslogHeader fields{.format = SyslogFormat::rfc5424, .hostname = "h", .tag = "t", .pid = "1"};
  const std::size_t whole = write_syslog_header(fields, clock, out);
  for (std::size_t room = 0; room <= whole + 1; ++room) {
    std::string exact(room, 'x');
    EXPECT_EQ(write_syslog_header(fields, clock, exact), std::min(room, whole));
  }
}

TEST(Syslog, Names) {
  EXPECT_EQ(syslog_facility("local7"), 23);
  EXPECT_EQ(syslog_facility("kern"), 0);
  EXPECT_FALSE(syslog_facility("local8"));
  EXPECT_EQ(syslog_level("warning"), SyslogLevel::warning);
  EXPECT_EQ(syslog_format("short"), SyslogFormat::short_);
  EXPECT_EQ(syslog_name(SyslogFormat::short_), "short");
  EXPECT_EQ(syslog_name(SyslogLevel::debug), "debug");
  EXPECT_EQ(syslog_facility_name(16), "local0");
}

TEST(Syslog, OctetCount) {
  std::array<char, 21> out;
  EXPECT_EQ(std::string(out.data(), write_octet_count(80, out)), "80 ");
  EXPECT_EQ(write_octet_count(80, std::span(out).first(2)), 0U);
  EXPECT_EQ(std::string(out.data(), write_octet_count(UINT64_MAX, out)), "18446744073709551615 ");
}

}  // namespace
}  // namespace weir::proto
