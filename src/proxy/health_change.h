// One change of one server's health: made under the backend's lock, then told and handed on without it.
//
//   HealthChange change(worker, server);          // takes the lock
//   const auto moved = server.health.apply(...);
//   change.settle();                              // balancing, waiters, the backend's own state
//   change.tell(...);                             // messages, kept
//   change.finish();                              // unlocks, logs, ends sessions, tells who tracks the server
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "check/health.h"
#include "proxy/state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

class HealthChange {
 public:
  HealthChange(WorkerContext& worker, ServerState& server);
  HealthChange(const HealthChange&) = delete;
  HealthChange& operator=(const HealthChange&) = delete;
  ~HealthChange() = default;

  [[nodiscard]] check::ServerName name() const;
  [[nodiscard]] bool logs_checks() const;
  /// After any change. What is left of the backend then.
  check::Remaining settle();
  void tell(check::Notice notice) { notices_.push_back(std::move(notice)); }
  /// The server went down or into maintenance: its sessions end if it is so configured.
  void marked_down();
  /// Once. A follower's change is handed on by whoever changes followers.
  void finish(bool hand_on = true);

 private:
  void say(const check::Notice& notice) const;

  WorkerContext& worker_;
  ServerState& server_;
  std::shared_ptr<const BackendPlan> plan_;
  std::unique_lock<std::mutex> guard_;
  bool was_up_;
  bool lost_all_ = false;
  bool shut_ = false;
  std::vector<check::Notice> notices_;
};

/// What balancing, the waiters and the backend's state make of a change; the number of waiters sent back. Holds the
/// lock. True in `lost_all`: this was the backend's last server. Without a worker, at a reload, nothing starts slowly.
std::uint32_t settle_server(WorkerContext* worker, ServerState& server, bool was_up, TimePoint now, bool& lost_all);

struct AdminState {
  bool maint;
  bool drain;
  bool up;
};
AdminState admin_state(const check::Health& health);
/// What a change of administrative state is called; a server may leave maintenance only to go on draining.
std::vector<check::AdminEvent> admin_events(const AdminState& before, const AdminState& after);

}  // namespace weir::proxy
