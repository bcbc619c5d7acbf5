// Addresses to listen on: which running sockets stay, under whom, and which are opened.
//
// An address that stays configured keeps its sockets, for closing one of a SO_REUSEPORT group resets what is queued on
// it: first the same frontend keeps it, then another frontend may take it over (a frontend was renamed). What else a
// `bind` line says is set on the running sockets. Only what is part of the socket's identity makes it another one.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>

#include "io/stream.h"
#include "proxy/accepting.h"
#include "proxy/engine.h"
#include "proxy/http/phases.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

// What cannot be changed on a listening socket, and which threads have one.
std::string socket_key(const SocketAddress& address, const BindConfig& bind) {
  const io::ListenOptions& o = bind.options;
  std::string key = fmt::format("{}|{}|{}|{}|{}|{:o}|{}|{}", address.to_string(), o.interface, o.v6only, o.v4v6,
                                o.transparent, o.mode.value_or(0), o.owner.value_or(static_cast<uid_t>(-1)),
                                o.group.value_or(static_cast<gid_t>(-1)));
  for (const std::uint16_t worker : bind.workers) key += fmt::format("|t{}", worker + 1);
  return key;
}

std::string listener_key(const std::string& frontend, const std::string& socket) { return frontend + '|' + socket; }

std::shared_ptr<ListenerState> make_listener(const SocketAddress& address, const BindConfig& bind) {
  auto state = std::make_shared<ListenerState>();
  state->address = address;
  state->options = bind.options;
  state->name = bind.name;
  state->id = bind.id;
  state->maxconn.store(bind.maxconn, std::memory_order_relaxed);
  return state;
}

// A name or number is read by sessions without a lock, so another one makes another object with the same sockets.
std::shared_ptr<ListenerState> same_or_renamed(const std::shared_ptr<ListenerState>& running, const BindConfig& bind) {
  if (running->name == bind.name && running->id == bind.id) return running;
  return make_listener(running->address, bind);
}

io::Task<void> end_after(WorkerContext& worker, Milliseconds after, std::vector<std::shared_ptr<const void>> removed) {
  co_await io::sleep_for(*worker.io, after);
  std::set<const void*> gone;
  for (const auto& part : removed) gone.insert(part.get());
  for (std::uint32_t slot = 0; slot < worker.sessions.capacity(); slot++) {
    Session* session = worker.sessions.at(slot);
    if (session == nullptr) continue;
    const bool ends = (session->frontend && gone.contains(session->frontend->state.get())) ||
                      (session->backend && gone.contains(session->backend->state.get())) ||
                      (session->target && gone.contains(session->target.get()));
    if (ends) kill_session(*session, EndedBy::admin);
  }
  for (std::size_t place = worker.resting.count(); place-- != 0;)  // what takes a woken one's place has been looked at
    if (RestingClient& client = worker.resting.at(place); gone.contains(client.frontend->state.get()))
      kill_session(worker.resting.wake(client), EndedBy::admin);
}

}  // namespace

void Engine::match_listeners(WantedListeners& wanted) const {
  std::map<std::string, std::shared_ptr<ListenerState>> spare;
  for (const auto& [key, state] : listeners_) {
    if (const auto same = wanted.find(key); same != wanted.end()) {
      same->second.replaces = state;
      continue;
    }
    const auto frontend = frontends_.find(std::string_view(key).substr(0, key.find('|')));
    const bool closed = frontend != frontends_.end() && frontend->second->shut.load(std::memory_order_relaxed);
    if (!closed) spare.emplace(key.substr(key.find('|') + 1), state);
  }
  for (auto& [key, entry] : wanted) {
    if (!entry.replaces) {
      const auto other = spare.find(key.substr(key.find('|') + 1));
      if (other != spare.end()) {
        entry.replaces = other->second;
        spare.erase(other);
      }
    }
    if (entry.replaces) entry.state = same_or_renamed(entry.replaces, *entry.bind);
  }
}

Result<void> Engine::open_sockets(WantedListener& wanted, const GlobalConfig& global) {
  const SocketAddress& address = wanted.state->address;
  io::ListenOptions options = wanted.bind->options;
  options.reuse_port = options.reuse_port && !global.no_reuseport;
  // Unix, abstract and inherited sockets, and those without SO_REUSEPORT: one, of which each worker has a descriptor.
  const bool one_for_all = !address.is_inet() || !options.reuse_port;
  wanted.sockets.resize(process_.contexts.size());
  std::vector<io::Fd> inherited = inherited_.take(address, options);
  int first = inherited.empty() ? -1 : inherited.front().get();
  const bool shares = one_for_all || !inherited.empty();
  std::size_t next = 0;
  for (std::size_t i = 0; i < process_.contexts.size(); i++) {
    const auto& workers = wanted.bind->workers;
    if (!workers.empty() && std::find(workers.begin(), workers.end(), i) == workers.end()) continue;
    if (next < inherited.size()) {
      wanted.sockets[i] = std::move(inherited[next++]);
      io::adjust_listener(wanted.sockets[i].get(), address, options);
      continue;
    }
    if (shares && first >= 0) {
      io::Fd copy(::fcntl(first, F_DUPFD_CLOEXEC, 3));
      if (!copy)
        return fail(fmt::format("cannot share socket [{}]: {}", address.to_string(), io::system_message(errno)));
      wanted.sockets[i] = std::move(copy);
      continue;
    }
    SocketAddress place = address;
    // Port 0: the first socket's choice is everybody's.
    if (first >= 0 && place.port() == 0) place.set_port(io::local_address(first).port());
    auto socket = opener_.listen(place, options);
    if (!socket) return unexpected(socket.error());
    if (first < 0) first = socket->get();
    wanted.sockets[i] = std::move(*socket);
  }
  for (; next < inherited.size(); next++) wanted.surplus.push_back(std::move(inherited[next]));
  return {};
}

Result<void> Engine::want_listeners(const Config& config, WantedListeners& wanted) {
  for (const auto& proxy : config.proxies) {
    if (!proxy->is_frontend() || proxy->settings.disabled) continue;
    for (const BindConfig& bind : proxy->binds) {
      for (const SocketAddress& address : bind.addresses) {
        auto [entry, added] = wanted.try_emplace(listener_key(proxy->name, socket_key(address, bind)));
        if (!added) continue;  // the same address twice
        entry->second.state = make_listener(address, bind);
        entry->second.frontend = proxy->name;
        entry->second.bind = &bind;
      }
    }
  }
  match_listeners(wanted);
  // Unix paths come last: opening one takes the path away from whoever had it, which could not be undone.
  for (const bool paths : {false, true}) {
    for (auto& [key, entry] : wanted) {
      if (entry.replaces || entry.state->address.is_unix() != paths) continue;
      if (auto opened = open_sockets(entry, config.global); !opened)
        return fail(fmt::format("frontend '{}': {}", entry.frontend, opened.error().message));
    }
  }
  return {};
}

namespace {

// The worker's share of an address whose sockets stay.
void keep_listener(WorkerContext& worker, std::unique_ptr<WorkerListener> listener,
                   const std::shared_ptr<ListenerState>& state, const BindConfig& bind,
                   const std::shared_ptr<const FrontendPlan>& frontend) {
  if (listener->acceptor && !(listener->state->options == bind.options))
    io::adjust_listener(listener->acceptor->fd(), state->address, bind.options);
  listener->accept_proxy = bind.accept_proxy;
  listener->netscaler_magic = bind.netscaler_magic;
  listener->state = state;
  listener->frontend = frontend;
  worker.listeners.push_back(std::move(listener));
}

void open_acceptor(WorkerContext& worker, const std::shared_ptr<ListenerState>& state, io::Fd socket,
                   const BindConfig& bind, std::shared_ptr<const FrontendPlan> frontend) {
  const std::uint32_t most = worker.plan->global->maxaccept;
  auto listener = std::make_unique<WorkerListener>();
  listener->worker = &worker;
  listener->state = state;
  listener->frontend = std::move(frontend);
  listener->accept_proxy = bind.accept_proxy;
  listener->netscaler_magic = bind.netscaler_magic;
  listener->acceptor = std::make_unique<io::Acceptor>(*worker.io, std::move(socket), on_connection, listener.get(),
                                                      most != 0 ? static_cast<int>(most) : io::Acceptor::kMaxAccept);
  listener->acceptor->start();
  worker.listeners.push_back(std::move(listener));
}

}  // namespace

// A former process had more sockets of an address than there are workers here: each of them is a queue of its own that
// the kernel fills, so all are accepted from. At start only, before the workers run.
void Engine::share_surplus(const std::shared_ptr<const Plan>& plan, WantedListeners& wanted) {
  for (auto& [key, entry] : wanted) {
    const auto& workers = entry.bind->workers;
    for (std::size_t i = 0; i < entry.surplus.size(); i++) {
      const std::size_t id = workers.empty() ? i % process_.contexts.size() : workers[i % workers.size()];
      open_acceptor(*process_.contexts[id], entry.state, std::move(entry.surplus[i]), *entry.bind,
                    plan->frontend(entry.frontend));
    }
  }
}

void Engine::install(const std::shared_ptr<const Plan>& plan, WantedListeners& wanted, bool tables_moved) {
  std::map<const ListenerState*, const WantedListener*> kept;
  for (const auto& [key, entry] : wanted)
    if (entry.replaces) kept.emplace(entry.replaces.get(), &entry);
  // Workers read `wanted` together and take only their own socket out of it.
  on_every_worker([&](WorkerContext& worker) {
    if (worker.plan && (worker.plan->global->log_tag != plan->global->log_tag ||
                        worker.plan->global->log_send_hostname != plan->global->log_send_hostname))
      worker.logger.set_identity(log::Identity::of_process(plan->global->log_tag, plan->global->log_send_hostname));
    worker.plan = plan;
    for (Session* session = worker.sessions.first(); session != nullptr; session = session->next) {
      if (tables_moved && session->tracks != nullptr) follow_tables(*session->tracks, worker.io->now());
      if (session->phase == Phase::requesting) session->plan.reset();  // its next request takes the new one
    }
    for (std::size_t place = 0; tables_moved && place != worker.resting.count(); place++)
      if (Tracks* const tracks = worker.resting.at(place).tracks; tracks != nullptr)
        follow_tables(*tracks, worker.io->now());
    for (auto& listener : std::exchange(worker.listeners, {})) {
      const auto found = kept.find(listener->state.get());
      if (found == kept.end()) {
        drop_listener(worker, std::move(listener));
        continue;
      }
      const WantedListener& entry = *found->second;
      keep_listener(worker, std::move(listener), entry.state, *entry.bind, plan->frontend(entry.frontend));
    }
    for (auto& [key, entry] : wanted)
      if (!entry.replaces && entry.sockets[worker.id()])
        open_acceptor(worker, entry.state, std::move(entry.sockets[worker.id()]), *entry.bind,
                      plan->frontend(entry.frontend));
    resume_listeners(worker);
  });
  share_surplus(plan, wanted);
  listeners_.clear();
  for (auto& [key, entry] : wanted) {
    entry.state->options = entry.bind->options;
    entry.state->maxconn.store(entry.bind->maxconn, std::memory_order_relaxed);
    listeners_.emplace(key, entry.state);
  }
}

// Manual, hard-stop-after: here the time that sessions on what a reload removed have to end.
void Engine::end_removed_parts(std::optional<Milliseconds> after) {
  if (!after || after->count() == 0 || removed_.empty()) return;
  on_every_worker(
      [&](WorkerContext& worker) { worker.activities.spawn(end_after, std::ref(worker), *after, removed_); });
}

void Engine::soft_stop() {
  process_.stopping.store(true, std::memory_order_relaxed);
  on_every_worker([](WorkerContext& worker) {
    for (auto& listener : std::exchange(worker.listeners, {})) drop_listener(worker, std::move(listener));
    close_waiting_clients(worker);
  });
  hand_down_tables();
}

}  // namespace weir::proxy
