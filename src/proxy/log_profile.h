// Log profiles: what the messages of one `log` line say at each step of a session. Manual 8.3.5, log-steps, do-log.
//
// A line is written because of something: the connection came, the request did, a rule said do-log, the end. That is
// its origin, which %OG shows; most origins are also steps, by which a profile chooses its words. A profile is read
// once and compiled for each frontend that may log by it, with that frontend's own names. Immutable, shared by all
// workers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "sample/log_format.h"

namespace weir::proxy {

/// Why a line is written.
enum class LogOrigin : std::uint8_t {
  unspec,
  sess_error,
  sess_killed,
  txn_accept,
  txn_request,
  txn_connect,
  txn_response,
  txn_close,
  tcp_req_conn,
  tcp_req_sess,
  tcp_req_cont,
  tcp_res_cont,
  http_req,
  http_res,
  http_after_res,
};
/// As %OG shows it.
[[nodiscard]] std::string_view name_of(LogOrigin origin);

/// What `on` names. The first five are those of `log-steps`.
enum class LogStep : std::uint8_t {
  accept,
  request,
  connect,
  response,
  close,
  error,
  any,
  tcp_req_conn,
  tcp_req_sess,
  tcp_req_cont,
  tcp_res_cont,
  http_req,
  http_res,
  http_after_res,
};
inline constexpr std::size_t kLogSteps = 14;
/// Their words, in that order.
[[nodiscard]] std::span<const std::string_view> log_step_names();
[[nodiscard]] LogStep step_of(LogOrigin origin);

/// A set of steps, as bits; what `log-steps` says.
using LogSteps = std::uint8_t;
constexpr LogSteps bit_of(LogStep step) { return static_cast<LogSteps>(1U << static_cast<unsigned>(step)); }
inline constexpr LogSteps kAllLogSteps = 0x1f;

/// A format as written, and compiled once all sections are known.
struct LogText {
  std::string text;
  SourcePosition at;
  std::shared_ptr<const sample::LogFormat> program;
};

struct LogProfile {
  struct Step {
    bool written = false;
    bool drop = false;
    LogText format;      // empty: the proxy's own
    LogText structured;  // the same
  };
  std::string name;
  std::string tag;  // log-tag; empty: the proxy's own
  SourcePosition at;
  std::array<Step, kLogSteps> steps;
  std::vector<std::string> lines;  // words joined, for telling what changed
  [[nodiscard]] const Step& at_step(LogStep step) const { return steps[static_cast<std::size_t>(step)]; }
};
using LogProfiles = std::vector<std::shared_ptr<const LogProfile>>;
/// nullptr: there is none of that name.
[[nodiscard]] std::shared_ptr<const LogProfile> find_profile(const LogProfiles& profiles, std::string_view name);

/// What one target's line is made of.
struct LogWording {
  const sample::LogFormat* format = nullptr;      // null: the plain line
  const sample::LogFormat* structured = nullptr;  // null: none
  std::string_view tag;
  bool drop = false;
  friend bool operator==(const LogWording&, const LogWording&) = default;
};

struct LogPlan;
/// By the profile, null for none, else as the proxy says. `normal`: no error ends the session.
[[nodiscard]] LogWording wording_of(const LogPlan& log, const LogProfile* profile, LogStep step, bool normal);

}  // namespace weir::proxy
