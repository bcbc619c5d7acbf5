#include "proxy/health_events.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <random>
#include <unordered_map>

#include "check/runner.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

const LogPlan* backend_log(const WorkerContext& worker, const std::shared_ptr<const BackendPlan>& plan) {
  if (plan) return &plan->log;
  return worker.plan ? &worker.plan->log : nullptr;
}

void say(WorkerContext& worker, const BackendState& backend, const check::Notice& notice) {
  const std::shared_ptr<const BackendPlan> plan = worker.plan ? worker.plan->backend(backend.name) : nullptr;
  if (const LogPlan* log = backend_log(worker, plan); log != nullptr)
    worker.emit(*log, {.level = static_cast<log::Level>(notice.level), .message = notice.text});
  show_on_terminal(*worker.process, notice.level, notice.terminal_text);
}

check::Remaining remaining(const ServerState& server, std::uint32_t requeued) {
  const BackendState::Live live = server.backend.live_servers();
  return {live.active, live.backup, server.sessions.value(), requeued, server.line.size()};
}

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

void note_server_change(ServerState& server, bool was_up, TimePoint now) {
  const bool up = server.health.up() && !server.health.in_maintenance();
  if (up == was_up) return;
  if (up) server.downtime += std::chrono::duration_cast<Milliseconds>(now - server.last_change);
  server.last_change = now;
}

// Raises the server's share until it is whole. Manual, slowstart: the weight grows with the checks; here by hundredths,
// so that an unchecked server grows too, and whoever waits for it is served in time.
io::Task<void> warm_server(WorkerContext& worker, std::shared_ptr<BackendState> backend,
                           std::shared_ptr<ServerState> server, Milliseconds step) {
  for (;;) {
    co_await io::sleep_for(*worker.io, step);
    const std::scoped_lock guard(backend->lock);
    backend->warm_up(worker.io->now());
    backend->serve_waiters();
    if (!server->warming_since) co_return;
  }
}

// A server that came back starts slowly. Holds the lock.
void start_slowly(WorkerContext& worker, ServerState& server, bool was_up) {
  const Milliseconds whole = server.config->slowstart;
  if (whole.count() == 0 || was_up || !server.health.up() || server.health.in_maintenance()) return;
  const bool running = server.warming_since.has_value();
  server.backend.start_warming(server, worker.io->now());
  if (running || !server.warming_since) return;
  constexpr Milliseconds kShortest{10};
  constexpr Milliseconds kLongest{1000};
  const Milliseconds step = std::clamp(whole / 100, kShortest, kLongest);
  worker.activities.spawn(warm_server, std::ref(worker), server.backend.shared_from_this(), server.shared_from_this(),
                          step);
}

bool in_service(const ServerState& server) { return server.health.up() && !server.health.in_maintenance(); }

// Manual, on-marked-up: a server in full service calls the sessions of all backups home.
void end_backup_sessions(ProcessState& process, BackendState& backend, const ServerState& server, bool was_up) {
  if (!server.config->up_ends_backup_sessions || was_up || server.index == balance::kNoServer) return;
  const balance::ServerSlot& slot = backend.slots[server.index];
  if (slot.backup || !slot.usable()) return;
  for (const auto& other : backend.servers)
    if (other->config->backup) shut_sessions(process, other, EndedBy::backup_no_more);
}

// After any change: balancing, waiters, the backend's own state. Holds the lock.
std::uint32_t settle(WorkerContext& worker, ServerState& server, bool was_up, bool& lost_all) {
  const TimePoint now = worker.io->now();
  BackendState& backend = server.backend;
  note_server_change(server, was_up, now);
  backend.refresh_slot(server);
  backend.warm_up(now);  // one that went down again warms up no longer
  start_slowly(worker, server, was_up);
  end_backup_sessions(*worker.process, backend, server, was_up);
  std::uint32_t requeued = 0;
  if (!server.health.usable_by_persistence()) requeued = backend.requeue_waiters(server);
  note_backend_state(backend, now, lost_all);
  backend.serve_waiters();
  return requeued;
}

}  // namespace

// COMPAT: only what is worth an emergency is an alert there; all else is a warning, a server that came up too.
void show_on_terminal(const ProcessState& process, int level, std::string_view text) {
  if (process.quiet) return;
  std::fprintf(stderr, "%-11s(%d) : %.*s\n", level == 0 ? "[ALERT]" : "[WARNING]", static_cast<int>(::getpid()),
               static_cast<int>(text.size()), text.data());
}

void apply_check_result(WorkerContext& worker, ServerState& server, const check::CheckResult& result) {
  BackendState& backend = server.backend;
  std::vector<check::Notice> notices;
  bool lost_all = false;
  bool shut = false;
  {
    const std::scoped_lock guard(backend.lock);
    const check::ServerName name{backend.name, server.name, server.config->backup};
    server.check_running = false;
    const bool was_up = in_service(server);
    const check::Change change = server.health.apply(result);
    if (change.counts_as_failure) server.check_failures++;
    if (change.counts_as_down) server.check_downs++;
    const std::shared_ptr<const BackendPlan> plan = worker.plan ? worker.plan->backend(backend.name) : nullptr;
    const bool logged = change.log_check && plan && plan->config->settings.log_health_checks;
    if (logged) notices.push_back(check::check_notice(name, result, server.health));
    if (change.transition != check::Transition::none) {
      const std::uint32_t requeued = settle(worker, server, was_up, lost_all);
      notices.push_back(
          check::transition_notice(name, change.transition, logged ? nullptr : &result, remaining(server, requeued)));
      shut = change.transition == check::Transition::down &&
             server.config->on_marked_down == OnMarkedDown::shutdown_sessions;
      if (lost_all) notices.push_back(check::no_server_notice(backend.name));
    }
  }
  for (const check::Notice& notice : notices) say(worker, backend, notice);
  if (shut) shut_sessions(*worker.process, server.shared_from_this(), EndedBy::server_down);
}

namespace {

struct AdminState {
  bool maint;
  bool drain;
  bool up;
};
AdminState admin_state(const check::Health& health) {
  return {.maint = health.in_maintenance(), .drain = health.draining(), .up = health.up()};
}

// What a person's change is called; a server may leave maintenance only to go on draining.
std::vector<check::AdminEvent> admin_events(const AdminState& before, const AdminState& after) {
  using check::AdminEvent;
  if (after.maint) {
    if (before.maint) return {};
    return {before.up ? AdminEvent::enter_maint : AdminEvent::enter_maint_when_down};
  }
  if (before.maint && after.drain) return {AdminEvent::leave_maint, AdminEvent::remain_in_drain};
  if (before.maint) return {AdminEvent::leave_maint};
  if (before.drain == after.drain) return {};
  return {after.drain ? AdminEvent::enter_drain : AdminEvent::leave_drain};
}

}  // namespace

void set_server_admin(WorkerContext& worker, ServerState& server, check::Admin flag, bool on) {
  BackendState& backend = server.backend;
  std::vector<check::Notice> notices;
  bool lost_all = false;
  bool shut = false;
  {
    const std::scoped_lock guard(backend.lock);
    const check::ServerName name{backend.name, server.name, server.config->backup};
    const bool was_up = in_service(server);
    const AdminState before = admin_state(server.health);
    server.health.set_admin(flag, on);
    const AdminState after = admin_state(server.health);
    const check::Remaining left = remaining(server, settle(worker, server, was_up, lost_all));
    for (const check::AdminEvent event : admin_events(before, after))
      notices.push_back(check::admin_notice(name, event, server.health, left));
    shut = after.maint && !before.maint && server.config->on_marked_down == OnMarkedDown::shutdown_sessions;
    if (lost_all) notices.push_back(check::no_server_notice(backend.name));
  }
  for (const check::Notice& notice : notices) say(worker, backend, notice);
  if (shut) shut_sessions(*worker.process, server.shared_from_this(), EndedBy::server_down);
}

void force_server_health(WorkerContext& worker, ServerState& server, check::State state) {
  BackendState& backend = server.backend;
  std::vector<check::Notice> notices;
  bool lost_all = false;
  bool shut = false;
  {
    const std::scoped_lock guard(backend.lock);
    const check::ServerName name{backend.name, server.name, server.config->backup};
    const bool was_up = in_service(server);
    const check::Change change = server.health.force(state);
    const std::uint32_t requeued = settle(worker, server, was_up, lost_all);
    if (change.transition != check::Transition::none)
      notices.push_back(check::forced_notice(name, change.transition, remaining(server, requeued)));
    shut = change.transition == check::Transition::down &&
           server.config->on_marked_down == OnMarkedDown::shutdown_sessions;
    if (lost_all) notices.push_back(check::no_server_notice(backend.name));
  }
  for (const check::Notice& notice : notices) say(worker, backend, notice);
  if (shut) shut_sessions(*worker.process, server.shared_from_this(), EndedBy::server_down);
}

void set_server_weight(ServerState& server, unsigned weight) {
  const std::scoped_lock guard(server.backend.lock);
  server.runtime_weight = weight;
  server.backend.refresh_slot(server);
  server.backend.serve_waiters();
}

void shut_sessions(ProcessState& process, const std::shared_ptr<ServerState>& server, EndedBy by) {
  for (const auto& context : process.contexts) {
    WorkerContext* worker = context.get();
    worker->io->post([worker, server, by] {
      for (Session* session = worker->sessions.first(); session != nullptr;) {
        Session* next = session->next;
        if (session->target == server && session->holds_slot) kill_session(*session, by);
        session = next;
      }
    });
  }
}

namespace {

// What a running check needs to know of its server; lives in the check's own frame.
struct CheckOf {
  WorkerContext* worker = nullptr;
  std::shared_ptr<BackendState> backend;
  std::shared_ptr<ServerState> server;
  std::shared_ptr<const check::CheckConfig> config;
};

SocketAddress check_address(void* object) {
  const ServerState& server = *static_cast<CheckOf*>(object)->server;
  const std::scoped_lock guard(server.backend.lock);
  return server.address;
}
bool check_enabled(void* object) {
  const ServerState& server = *static_cast<CheckOf*>(object)->server;
  const std::scoped_lock guard(server.backend.lock);
  return !server.health.in_maintenance() && !server.checks_paused && !server.removed.load(std::memory_order_relaxed);
}
void check_started(void* object) {
  ServerState& server = *static_cast<CheckOf*>(object)->server;
  const std::scoped_lock guard(server.backend.lock);
  server.check_running = true;
}
void check_finished(void* object, const check::CheckResult& result) {
  const CheckOf& check = *static_cast<CheckOf*>(object);
  if (check_enabled(object)) apply_check_result(*check.worker, *check.server, result);
}
// Manual, spread-checks: up to that share more or less, so that servers that answer in step drift apart.
Milliseconds spread(Milliseconds interval, unsigned percent) {
  if (percent == 0) return interval;
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto most = static_cast<std::int64_t>(interval.count()) * percent / 100;
  return interval + Milliseconds(std::uniform_int_distribution<std::int64_t>(-most, most)(random));
}

Milliseconds check_interval(void* object) {
  const CheckOf& check = *static_cast<CheckOf*>(object);
  Milliseconds interval{0};
  {
    const std::scoped_lock guard(check.server->backend.lock);
    interval = check.server->health.interval(*check.config);
  }
  return spread(interval, check.worker->plan ? check.worker->plan->global->spread_checks : 0);
}

io::Task<void> check_server(CheckOf& check, Milliseconds first_delay) {
  const check::CheckSink sink{.object = &check,
                              .address = check_address,
                              .enabled = check_enabled,
                              .started = check_started,
                              .finished = check_finished,
                              .interval = check_interval};
  co_await check::run_checks(check.config, sink, first_delay);
}

}  // namespace

void start_checks(ProcessState& process, const std::shared_ptr<ServerState>& server,
                  std::shared_ptr<const check::CheckConfig> config, Milliseconds first_delay) {
  WorkerContext* worker = process.contexts[server->id % process.contexts.size()].get();
  worker->io->post(
      [worker, backend = server->backend.shared_from_this(), server, checked = std::move(config), first_delay] {
        const auto running = worker->checks.find(server.get());
        if (running != worker->checks.end()) {
          worker->activities.cancel(running->second);
          worker->checks.erase(running);
        }
        if (!checked) return;
        worker->checks[server.get()] =
            worker->activities.spawn(check_server, CheckOf{worker, backend, server, checked}, first_delay);
      });
}

}  // namespace weir::proxy
