// One `log` line: where its messages go, which of them, in which format.
//
// TargetConfig is the line as a value, compared to find out what a new configuration changed. Target is the line at
// work: the config, the sink it shares with other lines of the same address, and its sampling counter. Sampling is
// exact over all workers (one atomic per line). Targets are immutable apart from that counter and shared by all
// workers. Manual: log (3.1 and 4.2).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostics.h"
#include "base/result.h"
#include "config/lexer.h"
#include "proto/syslog.h"

namespace weir::log {

using Level = proto::SyslogLevel;
using Format = proto::SyslogFormat;
using Facility = proto::SyslogFacility;

inline constexpr std::uint32_t kDefaultLength = 1024;
inline constexpr std::uint32_t kMinLength = 80;
inline constexpr std::uint32_t kMaxLength = 65535;

enum class TargetKind : std::uint8_t {
  datagram,  // UDP over IPv4 or IPv6, a Unix datagram socket, an abstract one
  fd,        // fd@N, stdout (1), stderr (2)
  ring,      // ring@name
  stream,    // tcp@, uxst@: a ring of its own that is forwarded to `address`
};

struct SampleRange {
  std::uint32_t low = 1;  // both ends belong to it; counted from 1
  std::uint32_t high = 1;
  friend bool operator==(const SampleRange&, const SampleRange&) = default;
};

struct TargetConfig {
  TargetKind kind = TargetKind::datagram;
  SocketAddress address;  // datagram, stream
  std::string host;       // a name still to be resolved into `address`; empty when the address is known
  int fd = -1;
  std::string ring;
  Facility facility = 0;
  Level level = Level::debug;      // less important messages are not sent
  Level min_level = Level::emerg;  // more important messages are capped to this
  std::uint32_t length = kDefaultLength;
  std::optional<Format> format;     // absent: local, or rfc3164 under `log-send-hostname`
  std::vector<SampleRange> ranges;  // sorted, apart; empty: every message
  std::uint32_t sample_size = 0;
  std::string profile;        // of the section log-profile; empty: none
  SourcePosition profile_at;  // no part of the comparison, as `at`
  SourcePosition at;          // no part of the comparison

  friend bool operator==(const TargetConfig& a, const TargetConfig& b);
};

/// Reads what follows `log` (the caller handles `log global` and `no log`). Everything that is wrong is reported to
/// `diagnostics`; nullopt when that was an error. `end` is where a missing word
/// would stand.
[[nodiscard]] std::optional<TargetConfig> parse_log_line(std::span<const config::Word> words, SourcePosition end,
                                                         Diagnostics& diagnostics);

class Sink;

class Target {
 public:
  /// `max_line` bounds header and message together: the line's `len`, or the ring's `maxlen`.
  Target(TargetConfig config, std::shared_ptr<Sink> sink, Format format, std::uint32_t max_line);

  [[nodiscard]] const TargetConfig& config() const { return config_; }
  [[nodiscard]] Sink& sink() const { return *sink_; }
  [[nodiscard]] const std::shared_ptr<Sink>& shared_sink() const { return sink_; }
  [[nodiscard]] Format format() const { return format_; }
  /// The longest line, header included, line feed not.
  [[nodiscard]] std::uint32_t max_line() const { return max_line_; }
  /// Counts one message for sampling; whether it is to be sent.
  [[nodiscard]] bool sampled() const;

 private:
  TargetConfig config_;
  std::shared_ptr<Sink> sink_;
  Format format_;
  std::uint32_t max_line_;
  mutable std::atomic<std::uint64_t> sample_position_ = 0;
};

}  // namespace weir::log
