#include "proxy/health_change.h"

#include "proxy/health_events.h"
#include "proxy/process_state.h"
#include "proxy/slow_start.h"
#include "proxy/tracking.h"

namespace weir::proxy {
namespace {

void note_backend_state(BackendState& backend, TimePoint now, bool& lost_all) {
  const BackendState::Live live = backend.live_servers();
  const bool up = live.active + live.backup != 0 || backend.servers.empty();
  if (up == backend.up) return;
  if (up)
    backend.downtime += std::chrono::duration_cast<Milliseconds>(now - backend.last_change);
  else
    backend.down_transitions++;
  backend.up = up;
  backend.last_change = now;
  lost_all = !up;
}

bool in_service(const ServerState& server) { return server.health.up() && !server.health.in_maintenance(); }

void note_server_change(ServerState& server, bool was_up, TimePoint now) {
  const bool up = in_service(server);
  if (up == was_up) return;
  if (up) server.downtime += std::chrono::duration_cast<Milliseconds>(now - server.last_change);
  server.last_change = now;
}

}  // namespace

std::uint32_t settle_server(WorkerContext* worker, ServerState& server, bool was_up, TimePoint now, bool& lost_all) {
  BackendState& backend = server.backend;
  note_server_change(server, was_up, now);
  backend.refresh_slot(server);
  backend.warm_up(now);  // one that went down again warms up no longer
  if (worker != nullptr) server_came_back(*worker, server, was_up);
  std::uint32_t requeued = 0;
  if (!server.health.usable_by_persistence()) requeued = backend.requeue_waiters(server);
  note_backend_state(backend, now, lost_all);
  backend.serve_waiters();
  return requeued;
}

HealthChange::HealthChange(WorkerContext& worker, ServerState& server)
    : worker_(worker),
      server_(server),
      plan_(worker.plan ? worker.plan->backend(server.backend.name) : nullptr),
      guard_(server.backend.lock),
      was_up_(in_service(server)) {}

check::ServerName HealthChange::name() const {
  return {.backend = server_.backend.name,
          .server = server_.name,
          .backup = server_.config->backup,
          .gets_no_share = server_.health.draining() || server_.runtime_weight.value_or(server_.config->weight) == 0};
}

bool HealthChange::logs_checks() const { return plan_ && plan_->config->settings.log_health_checks; }

check::Remaining HealthChange::settle() {
  const std::uint32_t requeued = settle_server(&worker_, server_, was_up_, worker_.io->now(), lost_all_);
  was_up_ = in_service(server_);
  const BackendState::Live live = server_.backend.live_servers();
  return {live.active, live.backup, server_.sessions.value(), requeued, server_.line.size()};
}

void HealthChange::marked_down() { shut_ = server_.config->on_marked_down == OnMarkedDown::shutdown_sessions; }

void HealthChange::say(const check::Notice& notice) const {
  const LogPlan* log = plan_ ? &plan_->log : worker_.plan ? &worker_.plan->log : nullptr;
  if (log != nullptr) worker_.emit(*log, {.level = static_cast<log::Level>(notice.level), .message = notice.text});
  show_on_terminal(*worker_.process, notice.level, notice.terminal_text);
}

void HealthChange::finish(bool hand_on) {
  guard_.unlock();
  for (const check::Notice& notice : notices_) say(notice);
  if (lost_all_) {
    const bool both = plan_ && plan_->config->is_frontend();
    say(check::no_server_notice(server_.backend.name, both ? "proxy" : "backend"));
  }
  if (shut_) shut_sessions(*worker_.process, server_.shared_from_this(), EndedBy::server_down);
  if (hand_on) hand_on_health(worker_, server_);
}

AdminState admin_state(const check::Health& health) {
  return {.maint = health.in_maintenance(), .drain = health.draining(), .up = health.up()};
}

std::vector<check::AdminEvent> admin_events(const AdminState& before, const AdminState& after) {
  using check::AdminEvent;
  if (after.maint) {
    if (before.maint) return {};
    if (before.up && before.drain) return {AdminEvent::enter_maint_when_draining};
    return {before.up ? AdminEvent::enter_maint : AdminEvent::enter_maint_when_down};
  }
  if (before.maint && after.drain) return {AdminEvent::leave_maint, AdminEvent::remain_in_drain};
  if (before.maint) return {AdminEvent::leave_maint};
  if (before.drain == after.drain) return {};
  return {after.drain ? AdminEvent::enter_drain : AdminEvent::leave_drain};
}

}  // namespace weir::proxy
