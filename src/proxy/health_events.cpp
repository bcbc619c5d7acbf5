#include "proxy/health_events.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <random>

#include "check/runner.h"
#include "proxy/agent.h"
#include "proxy/health_change.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

using check::Transition;

}  // namespace

// COMPAT: only what is worth an emergency is an alert there; all else is a warning, a server that came up too.
void show_on_terminal(const ProcessState& process, int level, std::string_view text) {
  if (process.quiet) return;
  std::fprintf(stderr, "%-11s(%d) : %.*s\n", level == 0 ? "[ALERT]" : "[WARNING]", static_cast<int>(::getpid()),
               static_cast<int>(text.size()), text.data());
}

namespace {

// What a result did, in words: the check's own line, then what became of the server.
void tell_result(HealthChange& change, ServerState& server, const check::CheckResult& result,
                 const check::Change& moved) {
  if (moved.counts_as_failure) server.check_failures++;
  if (moved.counts_as_down) server.check_downs++;
  const bool logged = moved.log_check && change.logs_checks();
  if (logged) change.tell(check::check_notice(change.name(), result, server.health));
  if (moved.transition == Transition::none) return;
  const check::Remaining left = change.settle();
  change.tell(check::transition_notice(change.name(), moved.transition, logged ? nullptr : &result, left));
  if (moved.transition == Transition::down) change.marked_down();
}

}  // namespace

void apply_check_result(WorkerContext& worker, ServerState& server, const check::CheckResult& result) {
  HealthChange change(worker, server);
  server.check_running = false;
  tell_result(change, server, result, server.health.apply(result));
  change.finish();
}

void set_server_admin(WorkerContext& worker, ServerState& server, check::Admin flag, bool on) {
  HealthChange change(worker, server);
  const AdminState before = admin_state(server.health);
  const bool had = server.health.has(flag);
  if (server.health.set_admin(flag, on).counts_as_down) server.check_downs++;
  const AdminState after = admin_state(server.health);
  const check::Remaining left = change.settle();
  for (const check::AdminEvent event : admin_events(before, after))
    change.tell(check::admin_notice(change.name(), event, server.health, left));
  if (flag == check::Admin::forced_maint && had && !on && after.maint)
    change.tell(check::admin_notice(change.name(), check::AdminEvent::remain_in_inherited_maint, server.health, left,
                                    server.config->health.track));
  if (after.maint && !before.maint) change.marked_down();
  change.finish();
}

void force_server_health(WorkerContext& worker, ServerState& server, check::State state) {
  HealthChange change(worker, server);
  const check::Change moved = server.health.force(state);
  if (moved.counts_as_down) server.check_downs++;
  const check::Remaining left = change.settle();
  if (moved.transition != Transition::none) change.tell(check::forced_notice(change.name(), moved.transition, left));
  if (moved.transition == Transition::down) change.marked_down();
  change.finish();
}

namespace {

// Manual, on-error: whatever else it does, the next check comes within fastinter.
void check_soon(WorkerContext& worker, ServerState& server) {
  const std::shared_ptr<const check::CheckConfig> config = server.checked_with;
  if (!config || server.check_running) return;
  const Milliseconds wait = config->fastinter.value_or(config->inter);
  const TimePoint soon = worker.io->now() + wait;
  if (server.next_check <= soon) return;
  server.next_check = soon;
  start_checks(*worker.process, server.shared_from_this(), config, wait);
}

void too_many_errors(WorkerContext& worker, ServerState& server, const ServerConfig& config, std::uint32_t errors) {
  HealthChange change(worker, server);
  if (!server.checked_with || server.checks_paused || server.health.in_maintenance()) return;
  server.observed_failures++;
  const check::CheckResult result{
      .status = check::Status::hana,
      .info = fmt::format("Detected {} consecutive errors, last one was: L4 unsuccessful connection", errors),
      .duration = check::CheckResult::kNoDuration};
  const check::Change moved = server.health.observe(config.health.on_error, result);
  if (config.health.on_error != check::OnError::fastinter) tell_result(change, server, result, moved);
  check_soon(worker, server);
  change.finish();
}

}  // namespace

void observe_connection(WorkerContext& worker, ServerState& server, const ServerConfig& config, bool made) {
  if (made) {
    // Read first: a healthy server's counter is not written by every session.
    if (server.errors_in_a_row.load(std::memory_order_relaxed) != 0)
      server.errors_in_a_row.store(0, std::memory_order_relaxed);
    return;
  }
  const std::uint32_t errors = server.errors_in_a_row.fetch_add(1, std::memory_order_relaxed) + 1;
  if (errors < config.health.error_limit) return;
  server.errors_in_a_row.store(0, std::memory_order_relaxed);
  too_many_errors(worker, server, config, errors);
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

ServerState& server_of(void* object) { return *static_cast<CheckOf*>(object)->server; }

SocketAddress check_address(void* object) {
  const ServerState& server = server_of(object);
  const std::scoped_lock guard(server.backend.lock);
  return server.address;
}
std::uint32_t check_sessions(void* object) { return server_of(object).sessions.value(); }

bool check_enabled(void* object) {
  const ServerState& server = server_of(object);
  const std::scoped_lock guard(server.backend.lock);
  return !server.health.in_maintenance() && !server.checks_paused && !server.removed.load(std::memory_order_relaxed);
}
void check_started(void* object) {
  ServerState& server = server_of(object);
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
unsigned spread_percent(const CheckOf& check) {
  return check.worker->plan ? check.worker->plan->global->spread_checks : 0;
}

Milliseconds check_interval(void* object) {
  const CheckOf& check = *static_cast<CheckOf*>(object);
  const unsigned percent = spread_percent(check);
  const std::scoped_lock guard(check.server->backend.lock);
  const Milliseconds interval = spread(check.server->health.interval(*check.config), percent);
  check.server->next_check = check.worker->io->now() + interval;
  return interval;
}

// An agent is asked in maintenance too: it may be the one to end it.
bool agent_enabled(void* object) {
  const ServerState& server = server_of(object);
  const std::scoped_lock guard(server.backend.lock);
  return !server.agent_paused && !server.removed.load(std::memory_order_relaxed);
}
void agent_started(void* object) {
  ServerState& server = server_of(object);
  const std::scoped_lock guard(server.backend.lock);
  server.agent_running = true;
}
void agent_finished(void* object, const check::CheckResult& result) {
  const CheckOf& check = *static_cast<CheckOf*>(object);
  if (agent_enabled(object)) apply_agent_answer(*check.worker, *check.server, result);
}
Milliseconds agent_interval(void* object) {
  const CheckOf& check = *static_cast<CheckOf*>(object);
  return spread(check.config->inter, spread_percent(check));
}

io::Task<void> check_server(CheckOf& check, Milliseconds first_delay) {
  const check::CheckSink sink{.object = &check,
                              .address = check_address,
                              .enabled = check_enabled,
                              .sessions = check_sessions,
                              .started = check_started,
                              .finished = check_finished,
                              .interval = check_interval,
                              .variables = &check.worker->process->variables};
  co_await check::run_checks(check.config, sink, first_delay);
}

io::Task<void> ask_agent(CheckOf& check, Milliseconds first_delay) {
  const check::CheckSink sink{.object = &check,
                              .address = check_address,
                              .enabled = agent_enabled,
                              .started = agent_started,
                              .finished = agent_finished,
                              .interval = agent_interval};
  co_await check::run_checks(check.config, sink, first_delay);
}

}  // namespace

void start_checks(ProcessState& process, const std::shared_ptr<ServerState>& server,
                  std::shared_ptr<const check::CheckConfig> config, Milliseconds first_delay, CheckLine which) {
  WorkerContext* worker = process.contexts[server->id % process.contexts.size()].get();
  worker->io->post(
      [worker, backend = server->backend.shared_from_this(), server, checked = std::move(config), first_delay, which] {
        auto& all = which == CheckLine::health ? worker->checks : worker->agents;
        const auto running = all.find(server.get());
        if (running != all.end()) {
          worker->activities.cancel(running->second);
          all.erase(running);
        }
        if (!checked) return;
        all[server.get()] = worker->activities.spawn(which == CheckLine::health ? check_server : ask_agent,
                                                     CheckOf{worker, backend, server, checked}, first_delay);
      });
}

void stop_checks(ProcessState& process, const std::shared_ptr<ServerState>& server) {
  if (server->checked_with) start_checks(process, server, nullptr, Milliseconds(0));
  if (server->agent_with) start_checks(process, server, nullptr, Milliseconds(0), CheckLine::agent);
  server->checked_with = server->agent_with = nullptr;
}

}  // namespace weir::proxy
