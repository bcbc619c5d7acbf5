// The rise and fall of one server: pure state, no clock, no socket.
//
// The counter runs from 0 to rise + fall - 1. A server is up while it is at least `rise`: each pass adds one and
// reaching `rise` from below lifts the server to the top at once; each failure takes one and falling below `rise` drops
// it to 0 at once. A server starts at `rise`, up but unproven: one failure takes it down, one pass confirms it.
// Maintenance stops the checks and takes the server out; leaving it starts over, up but unproven. Drain only closes the
// server to new users. Not thread-safe: the shared server holds its lock. Manual: rise, fall, inter; (management) set
// server, status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "check/config.h"
#include "check/status.h"

namespace weir::check {

/// Operating states; the numbers are srv_op_state's.
enum class State : std::uint8_t { stopped = 0, starting = 1, running = 2, stopping = 3 };

/// Administrative flags; the numbers are srv_admin_state's.
enum class Admin : std::uint8_t {
  none = 0,
  forced_maint = 0x01,     // by the runtime socket
  inherited_maint = 0x02,  // from a tracked server
  config_maint = 0x04,     // remembers that `disabled` was written; forced_maint is what acts
  forced_drain = 0x08,
  inherited_drain = 0x10,
  resolution_maint = 0x20,  // no address yet
};

enum class Transition : std::uint8_t { none, up, down, stopping };

/// What one result or command did.
struct Change {
  Transition transition = Transition::none;
  bool log_check = false;          // `option log-health-checks` writes a line for this result
  bool counts_as_failure = false;  // the statistics' chkfail: failed while up
  bool counts_as_down = false;     // the statistics' chkdown: was in service, is not
};

class Health {
 public:
  Health(std::uint32_t rise, std::uint32_t fall, bool checked);

  /// A check has ended.
  Change apply(const CheckResult& result);

  /// `set server health up|down|stopping`: the checks go on from there.
  Change force(State state);

  /// Adds or removes an administrative flag.
  Change set_admin(Admin flag, bool on);

  /// New rise and fall from a reload; the counter keeps its meaning (up stays up, top stays top).
  void reconfigure(std::uint32_t rise, std::uint32_t fall, bool checked);

  /// Restores what a state file or a replaced server knew.
  void restore(State state, std::uint32_t counter, const CheckResult& last);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool up() const { return state_ != State::stopped; }
  [[nodiscard]] std::uint32_t counter() const { return counter_; }
  [[nodiscard]] std::uint32_t rise() const { return rise_; }
  [[nodiscard]] std::uint32_t fall() const { return fall_; }
  [[nodiscard]] bool checked() const { return checked_; }
  [[nodiscard]] bool in_maintenance() const;
  [[nodiscard]] bool draining() const;
  [[nodiscard]] std::uint8_t admin_flags() const { return admin_; }
  /// New users may be sent here: up (not stopping), neither in maintenance nor draining.
  [[nodiscard]] bool usable() const;
  /// Users who belong here may still come: up or stopping or draining, not in maintenance.
  [[nodiscard]] bool usable_by_persistence() const;

  [[nodiscard]] const CheckResult& last() const { return last_; }

  /// The wait before the next check: inter, fastinter or downinter as the state asks.
  [[nodiscard]] Milliseconds interval(const CheckConfig& config) const;

  /// The statistics' status column: "UP", "UP 1/3", "DOWN", "DOWN 1/2", "NOLB", "MAINT", "DRAIN", "no check".
  [[nodiscard]] std::string status_text() const;

 private:
  bool set_state(State state);

  std::uint32_t rise_;
  std::uint32_t fall_;
  std::uint32_t counter_;
  State state_ = State::running;
  std::uint8_t admin_ = 0;
  bool checked_;
  CheckResult last_;
};

/// Whom a message is about.
struct ServerName {
  std::string_view backend;
  std::string_view server;
  bool backup = false;
};

/// What is left of the backend after a change.
struct Remaining {
  unsigned active = 0;
  unsigned backup = 0;
  std::uint64_t sessions = 0;
  std::uint64_t requeued = 0;
  std::uint64_t queued = 0;
};

/// One message: its syslog level (0 emerg .. 7 debug), its text for the log and for a terminal. The terminal's copy is
/// an alert for level 0, a warning otherwise.
struct Notice {
  int level = 5;
  std::string text;
  std::string terminal_text;
};

/// `option log-health-checks`: "Health check for server b/s failed, reason: ..., status: 0/2 DOWN."
Notice check_notice(const ServerName& name, const CheckResult& result, const Health& after);

/// "Server b/s is DOWN, reason: ... ." `cause` is null when check_notice() has just said it.
Notice transition_notice(const ServerName& name, Transition transition, const CheckResult* cause,
                         const Remaining& left);

/// The same for `set server b/s health ...`: "Server b/s is UP, changed from CLI. ..."
Notice forced_notice(const ServerName& name, Transition transition, const Remaining& left);

/// The same for a state that a former process left: load-server-state-from-file.
Notice restored_notice(const ServerName& name, Transition transition, const Remaining& left);

/// A change of administrative state by a person.
enum class AdminEvent : std::uint8_t {
  enter_maint,
  enter_maint_when_down,
  leave_maint,
  enter_drain,
  remain_in_drain,  // left maintenance only to go on draining
  leave_drain
};
Notice admin_notice(const ServerName& name, AdminEvent event, const Health& after, const Remaining& left);

/// "backend b has no server available!"
Notice no_server_notice(std::string_view backend);

}  // namespace weir::check
