#include "proxy/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/assert.h"
#include "check/config.h"
#include "peers/group.h"
#include "proxy/accepting.h"
#include "proxy/agent.h"
#include "proxy/health_events.h"
#include "proxy/placement.h"
#include "proxy/table_sweep.h"
#include "proxy/tcp/session.h"
#include "proxy/tracking.h"

namespace weir::proxy {
namespace {

ProcessState* process_of_grants = nullptr;

void resume_posted(void* object, std::uint64_t where) {
  WorkerContext& worker = *static_cast<WorkerContext*>(object);
  const SessionHandle who{static_cast<std::uint32_t>(where >> 32), static_cast<std::uint32_t>(where), worker.id()};
  if (Session* session = worker.sessions.find(who); session != nullptr) resume_queued(*session);
}

void post_grant(const SessionHandle& who) {
  WorkerContext* worker = process_of_grants->contexts[who.worker].get();
  worker->io->post(io::Post{
      .run = resume_posted, .object = worker, .value = (static_cast<std::uint64_t>(who.slot) << 32) | who.generation});
}

}  // namespace

Engine::~Engine() { stop(); }

Result<void> Engine::start(Config config) {
  sinks_.use_opener(&opener_);
  process_.sinks = &sinks_;
  log::RingConfig debug;
  debug.name = log::kDebugRing;
  debug.description = "in-memory ring buffer";
  process_.debug_ring = sinks_.ring(debug);
  process_of_grants = &process_;
  set_grant_post(post_grant);
  process_.started = Clock::now();
  process_.started_wall = std::chrono::system_clock::now();
  const std::size_t threads = thread_count(config.global.threads, config.global.thread_hard_limit);
  io::WorkerOptions options;
  options.buffer_size = config.global.bufsize;
  options.busy_polling = config.global.busy_polling;
  if (config.global.no_splice)
    options.max_pipes = 0;
  else if (config.global.maxpipes != 0)
    options.max_pipes = std::max<std::size_t>(1, config.global.maxpipes / threads);
  if (config.global.pipesize != 0) options.pipe_size = config.global.pipesize;
  process_.workers.create(threads, options);
  for (std::size_t i = 0; i < threads; i++)
    process_.contexts.push_back(std::make_unique<WorkerContext>(
        process_.workers.worker(i), process_,
        log::Identity::of_process(config.global.log_tag, config.global.log_send_hostname)));
  for (std::size_t i = 0; i < std::min(threads, config.global.group_of_thread.size()); i++)
    process_.contexts[i]->group = config.global.group_of_thread[i];
  return apply(std::move(config));
}

Result<void> Engine::run() {
  on_every_worker([](WorkerContext& worker) { worker.io->post([&worker] { WorkerContext::set_current(&worker); }); });
  WorkerContext* sweeper = process_.contexts.front().get();
  sweeper->io->post([sweeper] { sweeper->activities.spawn(sweep_tables, std::ref(*sweeper)); });
  running_ = true;
  return process_.workers.start();
}

Result<void> Engine::apply(Config config) {
  Draft draft;
  {
    const log::Sinks::Kept kept = sinks_.keep();
    if (auto prepared = prepare(config, draft); !prepared) {
      sinks_.put_back(kept);
      return prepared;
    }
  }
  commit(draft, std::move(config));
  return {};
}

Result<void> Engine::prepare(const Config& config, Draft& draft) {
  if (auto placed = check_places(config.global); !placed) return placed;
  if (auto built = build_plan(config, draft); !built) return built;
  if (auto wanted = want_groups(config, draft); !wanted) return wanted;
  return want_listeners(config, draft.listeners);
}

namespace {

// Rules that did not change may stand on other lines now. What runs already and was not read again stays where it is.
template <class Part>
void move_rules(const Part& part, const ProxyConfig& read) {
  if (part && part->config->rule_lines != read.rule_lines) part->rules->stand_at(read.rule_lines, read.file_names);
}

void move_rules(const Config& config, const Plan& plan) {
  for (const auto& proxy : config.proxies) {
    if (proxy->is_frontend()) move_rules(plan.frontend(proxy->name), *proxy);
    if (proxy->is_backend()) move_rules(plan.backend(proxy->name), *proxy);
  }
}

// A proxy that did not change is the one that runs already, as it was read then: nothing is kept twice.
void share_unchanged(Config& config, const Plan& plan) {
  for (auto& proxy : config.proxies) {
    const auto frontend = proxy->is_frontend() ? plan.frontend(proxy->name) : nullptr;
    auto backend = proxy->is_backend() ? plan.backend(proxy->name) : nullptr;
    if (proxy->is_backend() && !backend) backend = plan.disabled_backend(proxy->name);
    const auto running = frontend ? frontend->config : backend ? backend->config : nullptr;
    if (!running || (backend && backend->config != running)) continue;  // one half of a listen is new
    proxy = std::const_pointer_cast<ProxyConfig>(running);
  }
}

}  // namespace

void Engine::commit(Draft& draft, Config config) {
  removed_.clear();
  frontends_ = std::move(draft.frontends);
  backends_ = std::move(draft.backends);
  tables_ = std::move(draft.tables);
  for (const auto& [to, from] : draft.moves) {
    to->migrate(*from, Clock::now());
    from->pass_to(to);
  }
  for (const auto& backend : draft.plan->backends)
    if (!plan_ || plan_->backend(backend->config->name) != backend) update_backend(*backend->state, backend->config);
  for (const auto& backend : draft.plan->disabled)
    if (!plan_ || plan_->disabled_backend(backend->config->name) != backend)
      update_backend(*backend->state, backend->config);
  for (const auto& frontend : draft.plan->frontends) {
    frontend->state->maxconn.store(frontend->config->settings.maxconn.value_or(0), std::memory_order_relaxed);
  }
  process_.maxconn.store(config.global.maxconn, std::memory_order_relaxed);
  set_variables(config.global);
  process_.most_connections_per_second.store(config.global.maxconnrate, std::memory_order_relaxed);
  process_.most_sessions_per_second.store(config.global.maxsessrate, std::memory_order_relaxed);
  process_.compression.most_in_per_second.store(std::uint64_t{config.global.compression.rate} * 1024,
                                                std::memory_order_relaxed);
  place_workers(process_, config.global.cpus);
  install(draft.plan, draft.listeners, !draft.moves.empty());
  run_groups(draft);
  if (plan_) supersede(*draft.plan);
  plan_ = std::move(draft.plan);
  move_rules(config, *plan_);
  share_unchanged(config, *plan_);  // only now: the listeners that were wanted point into what was read
  config_ = std::move(config);
  link_followers(*plan_);
  restart_checks(*plan_);
  retire();
  end_removed_parts(config_.global.hard_stop_after);
  forward_rings();
}

void Engine::supersede(const Plan& next) {
  superseded_.push_back(plan_);
  for (const auto& frontend : plan_->frontends)
    if (next.frontend(frontend->config->name) != frontend) superseded_.push_back(frontend);
  for (const auto& backend : plan_->backends)
    if (next.backend(backend->config->name) != backend) superseded_.push_back(backend);
  for (const auto& backend : plan_->disabled)
    if (next.disabled_backend(backend->config->name) != backend) superseded_.push_back(backend);
}

// Lines that did not change set nothing anew: their variables are what they have become.
void Engine::set_variables(const GlobalConfig& global) {
  process_.variables.budget().set(global.variable_limits);
  const auto& before = config_.global.variables;
  for (const auto& variable : global.variables) {
    const auto same = [&](const auto& running) { return running->line == variable->line; };
    if (std::ranges::none_of(before, same)) process_.variables.set(variable->name, variable->value.value());
  }
}

void Engine::restart_checks(const Plan& plan) {
  std::size_t count = 0;
  Milliseconds shortest = Milliseconds::max();
  const auto add = [&](Milliseconds inter) {
    count++;
    shortest = std::min(shortest, inter);
  };
  for (const auto& backend : plan.backends)
    for (const ServerConfig& server : backend->config->servers) {
      if (server.check_enabled) add(server.check.inter);
      if (server.health.agent.enabled) add(server.health.agent.inter);
    }
  std::size_t position = 0;
  const auto offset = [&] {
    return check::start_offset(shortest, std::min(position++, count), count, plan.global->max_spread_checks);
  };
  for (const auto& backend : plan.backends) {
    const std::scoped_lock guard(backend->state->lock);
    for (const auto& server : backend->state->servers) {
      const ServerConfig& config = *server->config;
      restart(*server, server->checked_with,
              config.check_enabled ? std::make_shared<const check::CheckConfig>(config.check) : nullptr, offset,
              CheckLine::health);
      restart(*server, server->agent_with, agent_check(*server), offset, CheckLine::agent);
    }
  }
}

// An unchanged check goes on; one that is not there needs no place among the others.
template <class Offset>
void Engine::restart(ServerState& server, std::shared_ptr<const check::CheckConfig>& running,
                     std::shared_ptr<const check::CheckConfig> wanted, Offset& offset, CheckLine which) {
  if (!wanted && !running) return;
  const Milliseconds delay = wanted ? offset() : Milliseconds(0);
  if (wanted && running && *wanted == *running) return;
  running = std::move(wanted);
  start_checks(process_, server.shared_from_this(), running, delay, which);
}

// What no plan names any more: backends wait for their last session, frontends are only counters and go at once.
void Engine::retire() {
  for (auto it = backends_.begin(); it != backends_.end();) {
    if (plan_->backend(it->first) || plan_->disabled_backend(it->first)) {
      it->second->removed.store(false, std::memory_order_relaxed);
      ++it;
      continue;
    }
    const std::shared_ptr<BackendState> state = it->second;
    state->removed.store(true, std::memory_order_relaxed);
    removed_.push_back(state);
    const std::scoped_lock guard(state->lock);
    for (const auto& server : state->servers) {
      stop_checks(process_, server);
    }
    retired_.push_back(state);
    it = backends_.erase(it);
  }
  std::erase_if(frontends_, [&](const auto& entry) {
    if (plan_->frontend(entry.first)) return false;
    entry.second->removed.store(true, std::memory_order_relaxed);
    removed_.push_back(entry.second);
    return true;
  });
  free_retired();
  sinks_.forget_unused();
}

bool Engine::free_retired() {
  std::erase_if(retired_, [](const std::shared_ptr<BackendState>& state) {
    if (state->sessions.value() != 0) return false;
    const std::scoped_lock guard(state->lock);
    for (const auto& server : state->servers) server->index = balance::kNoServer;
    state->servers.clear();
    state->slots.clear();
    if (state->picker) state->picker->rebuild(state->slots);
    return true;
  });
  // A part is held by its plan first: what comes later in the list may have become free by what came before.
  std::erase_if(superseded_, [](std::shared_ptr<const void>& part) {
    if (part.use_count() != 1) return false;
    part.reset();
    return true;
  });
  return !retired_.empty() || !superseded_.empty();
}

// Worker 0 forwards all rings. A forwarder stays while its ring does: a changed ring is another object.
void Engine::forward_rings() {
  WorkerContext* worker = process_.contexts.front().get();
  worker->io->post([worker, rings = sinks_.rings()] {
    std::vector<std::unique_ptr<log::RingForwarder>> before = std::exchange(worker->forwarders, {});
    for (const std::shared_ptr<log::Ring>& ring : rings) {
      for (const log::RingServerConfig& server : ring->config().servers) {
        const auto same = std::find_if(before.begin(), before.end(), [&](const auto& running) {
          return running && &running->ring() == ring.get() && running->server() == server;
        });
        if (same != before.end()) {
          worker->forwarders.push_back(std::move(*same));
          continue;
        }
        worker->forwarders.push_back(std::make_unique<log::RingForwarder>(*worker->io, ring, server));
        worker->forwarders.back()->start();
      }
    }
  });
}

void Engine::stop() {
  if (process_.contexts.empty()) return;
  on_every_worker([](WorkerContext& worker) {
    for (const auto& group : worker.plan ? worker.plan->groups : std::vector<std::shared_ptr<peers::Group>>())
      if (&group->worker() == worker.io) group->shut();
    worker.activities.cancel_all();
    worker.forwarders.clear();
    worker.listeners.clear();
    worker.draining.clear();
    worker.ending = true;
    while (worker.resting.count() != 0) kill_session(worker.resting.wake(worker.resting.at(0)), EndedBy::admin);
    while (Session* session = worker.sessions.first()) kill_session(*session, EndedBy::admin);
    worker.logger.flush();
  });
  running_ = false;
  process_.workers.stop();
  process_.workers.join();
  for (const auto& context : process_.contexts) context->activities.destroy_all();
  process_.contexts.clear();
}

}  // namespace weir::proxy
