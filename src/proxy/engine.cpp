#include "proxy/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/assert.h"
#include "check/config.h"
#include "proxy/accepting.h"
#include "proxy/health_events.h"
#include "proxy/tcp/session.h"

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

bool shared_socket(const SocketAddress& address) { return !address.is_inet(); }

std::string listener_key(const std::string& frontend, const SocketAddress& address, const io::ListenOptions& options) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", frontend, address.to_string(), options.interface, options.v6only,
                     options.v4v6, options.tcp_fast_open, options.defer_accept, options.tcp_user_timeout.count(),
                     options.max_segment, options.transparent);
}

/// Counts workers in; the control thread waits for all of them.
class Gathering {
 public:
  explicit Gathering(std::size_t expected) : missing_(expected) {}
  void arrive() {
    const std::scoped_lock guard(mutex_);
    if (--missing_ == 0) all_here_.notify_all();
  }
  void wait() {
    std::unique_lock guard(mutex_);
    all_here_.wait(guard, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t missing_;
};

// New settings of an address that is served already: limits and names change without touching the socket.
void adopt_listener(ListenerState& state, const BindConfig& bind) {
  state.name = bind.name;
  state.id = bind.id;
  state.maxconn = bind.maxconn;
}

void drained(WorkerContext& worker) {
  std::erase_if(worker.draining, [](const auto& listener) { return listener->acceptor == nullptr; });
}

void drop_listener(WorkerContext& worker, std::unique_ptr<WorkerListener> listener) {
  for (auto& [connection, peer] : listener->parked) open_session(*listener, std::move(connection), peer);
  listener->parked.clear();
  if (listener->acceptor) listener->acceptor->drain_and_close();
  worker.draining.push_back(std::move(listener));
  drained(worker);
}

}  // namespace

Engine::~Engine() { stop(); }

template <class F>
void Engine::on_every_worker(F function) {
  if (!running_) {
    for (const auto& context : process_.contexts) function(*context);
    return;
  }
  Gathering gathering(process_.contexts.size());
  for (const auto& context : process_.contexts) {
    WorkerContext* worker = context.get();
    worker->io->post([worker, &function, &gathering] {
      function(*worker);
      gathering.arrive();
    });
  }
  gathering.wait();
}

Result<void> Engine::open_listeners(const Config& config, std::map<ListenerKey, OpenedListener>& opened) {
  for (const auto& proxy : config.proxies) {
    if (!proxy->is_frontend() || proxy->settings.disabled) continue;
    for (const BindConfig& bind : proxy->binds) {
      for (const SocketAddress& address : bind.addresses) {
        const ListenerKey key = listener_key(proxy->name, address, bind.options);
        OpenedListener& entry = opened[key];
        entry.frontend = proxy->name;
        if (const auto running = listeners_.find(key); running != listeners_.end()) {
          entry.state = running->second;
          continue;
        }
        entry.fresh = true;
        entry.state = std::make_shared<ListenerState>();
        entry.state->address = address;
        entry.state->options = bind.options;
        adopt_listener(*entry.state, bind);
        const bool one_socket = shared_socket(address) || config.global.no_reuseport;
        const std::size_t sockets = one_socket ? 1 : process_.contexts.size();
        for (std::size_t i = 0; i < sockets; i++) {
          SocketAddress place = address;
          // Port 0: the first socket's choice is everybody's.
          if (i != 0 && place.port() == 0) place.set_port(io::local_address(entry.sockets.front().get()).port());
          auto socket = opener_.listen(place, bind.options);
          if (!socket) return fail(fmt::format("frontend '{}': {}", proxy->name, socket.error().message));
          entry.sockets.push_back(std::move(*socket));
        }
      }
    }
  }
  return {};
}

Result<void> Engine::start(Config config) {
  sinks_.use_opener(&opener_);
  process_of_grants = &process_;
  set_grant_post(post_grant);
  process_.started = Clock::now();
  process_.started_wall = std::chrono::system_clock::now();
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = config.global.threads != 0 ? config.global.threads : cores;
  io::WorkerOptions options;
  options.buffer_size = config.global.bufsize;
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
  return apply(std::move(config));
}

Result<void> Engine::run() {
  on_every_worker([](WorkerContext& worker) { worker.io->post([&worker] { WorkerContext::set_current(&worker); }); });
  running_ = true;
  return process_.workers.start();
}

Result<void> Engine::apply(Config config) {
  std::map<ListenerKey, OpenedListener> opened;
  if (auto done = open_listeners(config, opened); !done) return done;
  auto plan = build_plan(config);
  if (!plan) return unexpected(plan.error());
  for (const auto& backend : (*plan)->backends) update_backend(*backend->state, *backend->config, config);
  for (const auto& frontend : (*plan)->frontends) {
    frontend->state->id = frontend->config->id;
    frontend->state->maxconn.store(frontend->config->settings.maxconn.value_or(0), std::memory_order_relaxed);
  }
  process_.maxconn.store(config.global.maxconn, std::memory_order_relaxed);
  install(*plan, opened);
  plan_ = std::move(*plan);
  config_ = std::move(config);
  restart_checks(*plan_);
  retire();
  forward_rings();
  return {};
}

void Engine::install(const std::shared_ptr<const Plan>& plan, std::map<ListenerKey, OpenedListener>& opened) {
  std::map<const ListenerState*, OpenedListener*> wanted;
  for (auto& [key, entry] : opened) wanted.emplace(entry.state.get(), &entry);
  std::mutex adopting;  // the sockets' vector is shared by the workers while they take theirs
  on_every_worker([&](WorkerContext& worker) {
    worker.plan = plan;
    std::vector<std::unique_ptr<WorkerListener>> before = std::exchange(worker.listeners, {});
    for (auto& listener : before) {
      const auto found = wanted.find(listener->state.get());
      if (found == wanted.end()) {
        drop_listener(worker, std::move(listener));
        continue;
      }
      listener->frontend = plan->frontend(found->second->frontend);
      worker.listeners.push_back(std::move(listener));
    }
    for (auto& [key, entry] : opened) {
      if (!entry.fresh) continue;
      io::Fd socket;
      {
        const std::scoped_lock guard(adopting);
        if (entry.sockets.size() > 1)
          socket = std::move(entry.sockets[worker.id()]);
        else
          socket = io::Fd(::dup(entry.sockets.front().get()));
      }
      auto listener = std::make_unique<WorkerListener>();
      listener->worker = &worker;
      listener->state = entry.state;
      listener->frontend = plan->frontend(entry.frontend);
      const int most =
          plan->global->maxaccept != 0 ? static_cast<int>(plan->global->maxaccept) : io::Acceptor::kMaxAccept;
      listener->acceptor =
          std::make_unique<io::Acceptor>(*worker.io, std::move(socket), on_connection, listener.get(), most);
      (void)listener->acceptor->start();
      worker.listeners.push_back(std::move(listener));
    }
    resume_listeners(worker);
  });
  listeners_.clear();
  for (auto& [key, entry] : opened) listeners_.emplace(key, entry.state);
}

void Engine::restart_checks(const Plan& plan) {
  std::size_t checked = 0;
  Milliseconds shortest{0};
  for (const auto& backend : plan.backends)
    for (const ServerConfig& server : backend->config->servers)
      if (server.check_enabled) {
        checked++;
        shortest = shortest.count() == 0 ? server.check.inter : std::min(shortest, server.check.inter);
      }
  std::size_t position = 0;
  for (const auto& backend : plan.backends) {
    const std::scoped_lock guard(backend->state->lock);
    for (const auto& server : backend->state->servers) {
      const ServerConfig& config = *server->config;
      const std::size_t place = config.check_enabled ? position++ : 0;
      if (server->checked_with && config.check_enabled && *server->checked_with == config.check) continue;
      if (!server->checked_with && !config.check_enabled) continue;
      server->checked_with = config.check_enabled ? std::make_shared<const check::CheckConfig>(config.check) : nullptr;
      start_checks(process_, server, server->checked_with, check::start_offset(shortest, place, checked));
    }
  }
}

// What no plan names any more: backends wait for their last session, frontends are only counters and go at once.
void Engine::retire() {
  for (auto it = backends_.begin(); it != backends_.end();) {
    if (plan_->backend(it->first)) {
      it->second->removed.store(false, std::memory_order_relaxed);
      ++it;
      continue;
    }
    const std::shared_ptr<BackendState> state = it->second;
    state->removed.store(true, std::memory_order_relaxed);
    const std::scoped_lock guard(state->lock);
    for (const auto& server : state->servers) {
      if (server->checked_with) start_checks(process_, server, nullptr, Milliseconds(0));
      server->checked_with = nullptr;
    }
    retired_.push_back(state);
    it = backends_.erase(it);
  }
  std::erase_if(frontends_, [&](const auto& entry) { return !plan_->frontend(entry.first); });
  std::erase_if(retired_, [](const std::shared_ptr<BackendState>& state) {
    if (state->sessions.value() != 0) return false;
    const std::scoped_lock guard(state->lock);
    for (const auto& server : state->servers) server->index = balance::kNoServer;
    state->servers.clear();
    state->slots.clear();
    if (state->picker) state->picker->rebuild(state->slots);
    return true;
  });
  sinks_.forget_unused();
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

void Engine::soft_stop() {
  process_.stopping.store(true, std::memory_order_relaxed);
  on_every_worker([](WorkerContext& worker) {
    for (auto& listener : std::exchange(worker.listeners, {})) drop_listener(worker, std::move(listener));
  });
}

void Engine::stop() {
  if (process_.contexts.empty()) return;
  on_every_worker([](WorkerContext& worker) {
    worker.activities.cancel_all();
    worker.forwarders.clear();
    worker.listeners.clear();
    worker.draining.clear();
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
