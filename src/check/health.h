// The rise and fall of one server: pure state, no clock, no socket.
//
// The counter runs from 0 to rise + fall - 1. A server is up while it is at least `rise`: each pass adds one and
// reaching `rise` from below lifts the server to the top at once; each failure takes one and falling below `rise` drops
// it to 0 at once. Where a server starts, and starts again after maintenance, is its init-state: by default at `rise`,
// up but unproven: one failure takes it down, one pass confirms it.
// Three others have a say: an agent, whose "down" overrules the checks and whose "up" needs their consent; traffic that
// fails (observe), which counts as failed checks; and the server that this one tracks, whose state and maintenance it
// takes over as they are. Drain only closes the server to new users. Not thread-safe: the shared server holds its lock.
// Manual: rise, fall, inter, init-state, agent-check, observe, on-error, track; (management) set server, status.
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

/// Where a server starts. Manual: init-state.
enum class InitState : std::uint8_t { none, fully_up, up, down, fully_down };

/// What enough failures of traffic in a row do. Manual: on-error.
enum class OnError : std::uint8_t { fastinter, fail_check, sudden_death, mark_down };

enum class Transition : std::uint8_t { none, up, down, stopping };

/// What one result or command did.
struct Change {
  Transition transition = Transition::none;
  bool log_check = false;          // `option log-health-checks` writes a line for this result
  bool counts_as_failure = false;  // the statistics' chkfail: failed while up
  bool counts_as_down = false;     // the statistics' chkdown: was in service, is not
};

/// What a tracked server hands on.
struct Leader {
  State state = State::running;
  bool maintenance = false;
  bool drain = false;
  // How its status reads: "UP 1/3", "no check".
  std::uint32_t counter = 1;
  std::uint32_t rise = 1;
  std::uint32_t fall = 1;
  bool checked = false;
  friend bool operator==(const Leader&, const Leader&) = default;
};

class Health {
 public:
  Health(std::uint32_t rise, std::uint32_t fall, bool checked, InitState init = InitState::none, bool agent = false);

  /// A check has ended.
  Change apply(const CheckResult& result);
  /// The agent has answered, or failed to: l7ok is "up", l7sts is "down", anything else says nothing.
  Change apply_agent(const CheckResult& result);
  /// Enough failures of traffic in a row; `result` is what the statistics show then.
  Change observe(OnError mode, const CheckResult& result);
  /// The tracked server is now like this.
  Change follow(const Leader& leader);
  /// It tracks nobody any more and starts over. False: it did not before.
  bool stop_following();

  /// `set server health up|down|stopping`: the checks go on from there.
  Change force(State state);
  /// `set server agent up|down`.
  Change force_agent(bool up);

  /// Adds or removes an administrative flag.
  Change set_admin(Admin flag, bool on);

  /// New settings from a reload; the counter keeps its meaning (up stays up, top stays top).
  void reconfigure(std::uint32_t rise, std::uint32_t fall, bool checked, InitState init = InitState::none,
                   bool agent = false);

  /// Restores what a state file or a replaced server knew.
  void restore(State state, std::uint32_t counter, const CheckResult& last);

  /// `disable agent`: what it said is forgotten, and the next passed check may lift the server again.
  void enable_agent(bool on) { agent_ = on; }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool up() const { return state_ != State::stopped; }
  [[nodiscard]] std::uint32_t counter() const { return counter_; }
  [[nodiscard]] std::uint32_t rise() const { return rise_; }
  [[nodiscard]] std::uint32_t fall() const { return fall_; }
  [[nodiscard]] bool checked() const { return checked_; }
  [[nodiscard]] bool in_maintenance() const;
  [[nodiscard]] bool draining() const;
  [[nodiscard]] bool has(Admin flag) const { return (admin_ & static_cast<std::uint8_t>(flag)) != 0; }
  [[nodiscard]] std::uint8_t admin_flags() const { return admin_; }
  /// New users may be sent here: up (not stopping), neither in maintenance nor draining.
  [[nodiscard]] bool usable() const;
  /// Users who belong here may still come: up or stopping or draining, not in maintenance.
  [[nodiscard]] bool usable_by_persistence() const;

  [[nodiscard]] const CheckResult& last() const { return last_; }
  [[nodiscard]] bool has_agent() const { return agent_; }
  [[nodiscard]] bool agent_says_up() const { return agent_up_; }
  [[nodiscard]] const CheckResult& last_agent() const { return last_agent_; }
  /// `checks_run`: false while somebody paused them.
  [[nodiscard]] Leader as_leader(bool checks_run) const;

  /// The wait before the next check: inter, fastinter or downinter as the state asks.
  [[nodiscard]] Milliseconds interval(const CheckConfig& config) const;

  /// The statistics' status column: "UP", "UP 1/3", "DOWN", "DOWN 1/2", "NOLB", "MAINT", "DRAIN", "no check".
  [[nodiscard]] std::string status_text() const;

 private:
  bool set_state(State state);
  void start_over();
  void lose_one(Change& change);
  [[nodiscard]] bool agent_vetoes() const { return agent_ && !agent_up_; }
  void finish(Change& change, State was) const;

  std::uint32_t rise_;
  std::uint32_t fall_;
  std::uint32_t counter_;
  State state_ = State::running;
  std::uint8_t admin_ = 0;
  InitState init_;
  bool checked_;
  bool agent_;
  bool agent_up_ = true;
  bool following_ = false;
  CheckResult last_;
  CheckResult last_agent_;
  Leader leader_;  // while following
};

/// Whom a message is about.
struct ServerName {
  std::string_view backend;
  std::string_view server;
  bool backup = false;
  bool gets_no_share = false;  // weight 0: a check's line says DRAIN where it would say UP
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
/// The same for an agent: "Agent check for server b/s succeeded, ..."
Notice agent_notice(const ServerName& name, const CheckResult& result, const Health& after);

/// "Server b/s is DOWN, reason: ... ." `cause` is null when check_notice() has just said it.
Notice transition_notice(const ServerName& name, Transition transition, const CheckResult* cause,
                         const Remaining& left);

/// The same for `set server b/s health ...`: "Server b/s is UP, changed from CLI. ..."
Notice forced_notice(const ServerName& name, Transition transition, const Remaining& left);

/// The same for a server that tracks another: "Server b/s is DOWN via b2/s2. ..."
Notice followed_notice(const ServerName& name, Transition transition, std::string_view leader, const Remaining& left);

/// The same for a state that a former process left: load-server-state-from-file.
Notice restored_notice(const ServerName& name, Transition transition, const Remaining& left);

/// A change of administrative state, by a person or inherited from the server that is tracked.
enum class AdminEvent : std::uint8_t {
  enter_maint,
  enter_maint_when_down,
  enter_maint_when_draining,
  leave_maint,
  remain_in_inherited_maint,  // left its own maintenance only to stay in the tracked server's
  enter_drain,
  remain_in_drain,  // left maintenance only to go on draining
  leave_drain
};
/// `leader` is the tracked server the change came from, or that keeps it so; empty: the server's own.
Notice admin_notice(const ServerName& name, AdminEvent event, const Health& after, const Remaining& left,
                    std::string_view leader = {});

/// "backend b has no server available!"; a listen section is called a proxy.
Notice no_server_notice(std::string_view backend, std::string_view kind = "backend");

}  // namespace weir::check
