// A backend that runs takes over another configuration: servers keep their identity by name and address.
//
// A server whose address changed is another server: the old object is taken out, its sessions run to their end on it.
// Everything else (weight, limits, backup, checks) changes in place, and what a person set at run time stays unless the
// file changed it.
#include <algorithm>

#include "proxy/engine.h"
#include "proxy/health_events.h"

namespace weir::proxy {
namespace {

bool same_place(const ServerState& running, const ServerConfig& wanted) {
  return running.config->address == wanted.address && running.config->port_from_client == wanted.port_from_client &&
         running.config->port_offset == wanted.port_offset && running.config->spec == wanted.spec;
}

void adopt(ServerState& running, const std::shared_ptr<const ServerConfig>& wanted) {
  if (wanted->weight != running.config->weight) running.runtime_weight.reset();
  if (wanted->maxconn != running.config->maxconn) running.runtime_maxconn.reset();
  if (wanted->disabled != running.config->disabled)
    running.health.set_admin(check::Admin::forced_maint, wanted->disabled);
  if (wanted->health.agent != running.config->health.agent) running.agent = wanted->health.agent;
  running.health.reconfigure(wanted->check.rise, wanted->check.fall, wanted->check_enabled, wanted->health.init_state,
                             running.agent.enabled);
  running.config = wanted;
}

void build_slots(BackendState& state, const ProxyConfig& proxy) {
  std::vector<balance::ServerSlot> slots(state.servers.size());
  for (std::uint32_t i = 0; i < state.servers.size(); i++) {
    ServerState& server = *state.servers[i];
    if (server.index != balance::kNoServer && server.index < state.slots.size())
      slots[i].served = state.slots[server.index].served;
    if (server.index != balance::kNoServer && server.index < state.slots.size())
      slots[i].queued = state.slots[server.index].queued;
    if (server.index != balance::kNoServer && server.index < state.slots.size())
      slots[i].warm = state.slots[server.index].warm;
  }
  const balance::BalanceAlgorithm* algorithm = balance::find_algorithm(proxy.settings.balance.algorithm);
  state.slots = std::move(slots);
  state.rebuild(std::make_unique<balance::Picker>(*algorithm, proxy.settings.balance.options));
}

// Stick tables remember servers by id, so a server without an `id` of its own keeps the one it runs under whatever was
// added or removed before it; a new one gets its place, or the next number nobody has.
std::uint32_t stable_id(const BackendState& state, const std::vector<std::shared_ptr<ServerState>>& chosen,
                        const ProxyConfig& proxy, const ServerState* running) {
  const auto taken = [&](std::uint32_t id) {
    const auto has_id = [&](const auto& server) { return server->id == id; };
    const auto wants_id = [&](const ServerConfig& server) { return server.explicit_id && server.id == id; };
    return std::any_of(state.servers.begin(), state.servers.end(), has_id) ||
           std::any_of(chosen.begin(), chosen.end(), has_id) ||
           std::any_of(proxy.servers.begin(), proxy.servers.end(), wants_id);
  };
  if (running != nullptr) return running->id;
  std::uint32_t id = static_cast<std::uint32_t>(chosen.size()) + 1;
  while (taken(id)) id++;
  return id;
}

// The server's part of the proxy's configuration, which keeps the whole alive; a copy only when it runs under another
// id.
std::shared_ptr<const ServerConfig> with_id(const std::shared_ptr<const ProxyConfig>& proxy, const ServerConfig& server,
                                            std::uint32_t id) {
  if (server.id == id) return {proxy, &server};
  auto renumbered = std::make_shared<ServerConfig>(server);
  renumbered->id = id;
  return renumbered;
}

}  // namespace

namespace {

// Manual (2.0), dispatch and option transparent: where sessions go when there are no servers. The log calls it <NOSRV>.
std::shared_ptr<ServerState> unlisted_server(BackendState& state, const ProxyConfig& proxy, unsigned workers) {
  if (proxy.dispatch.family() == AddressFamily::none && !proxy.settings.transparent) return nullptr;
  const ServerConfig* preset = proxy.settings.default_server.get();
  auto config = std::make_shared<ServerConfig>(preset != nullptr ? *preset : ServerConfig());
  config->name = kUnlistedServer;
  config->address = proxy.dispatch;
  config->maxconn = 0;
  config->check_enabled = false;
  config->non_stick = true;
  auto server = std::make_shared<ServerState>(state, std::move(config), workers);
  server->index = balance::kNoServer;
  return server;
}

}  // namespace

void Engine::update_backend(BackendState& state, const std::shared_ptr<const ProxyConfig>& config) {
  const ProxyConfig& proxy = *config;
  const auto workers = static_cast<unsigned>(process_.contexts.size());
  const TimePoint now = Clock::now();
  const std::scoped_lock guard(state.lock);
  state.fullconn = proxy.settings.fullconn.value_or(0);
  state.dynamic_cookie.reset();  // the lines changed: they count
  state.dynamic_cookie_key.reset();
  state.cookies_changed.store(false, std::memory_order_release);
  if (state.unlisted) superseded_.push_back(state.unlisted);
  state.unlisted = unlisted_server(state, proxy, workers);
  if (state.last_change == TimePoint{}) state.last_change = now;
  std::vector<std::shared_ptr<ServerState>> next;
  for (const ServerConfig& wanted : proxy.servers) {
    const auto found = std::find_if(state.servers.begin(), state.servers.end(),
                                    [&](const auto& running) { return running->name == wanted.name; });
    const std::uint32_t id = wanted.explicit_id
                                 ? wanted.id
                                 : stable_id(state, next, proxy, found != state.servers.end() ? found->get() : nullptr);
    const std::shared_ptr<const ServerConfig> shared = with_id(config, wanted, id);
    if (found != state.servers.end() && (*found)->id == shared->id && same_place(**found, wanted)) {
      adopt(**found, shared);
      next.push_back(*found);
      continue;
    }
    auto made = std::make_shared<ServerState>(state, shared, workers);
    made->index = balance::kNoServer;
    made->last_change = now;
    if (wanted.disabled || wanted.added_at_run_time) made->health.set_admin(check::Admin::forced_maint, true);
    made->checks_paused = wanted.added_at_run_time && wanted.check_enabled;
    next.push_back(std::move(made));
  }
  for (const auto& running : state.servers) {
    if (std::find(next.begin(), next.end(), running) != next.end()) continue;
    state.requeue_waiters(*running);
    running->removed.store(true, std::memory_order_relaxed);
    removed_.push_back(running);
    stop_checks(process_, running);
  }
  std::vector<std::shared_ptr<ServerState>> before = std::exchange(state.servers, std::move(next));
  build_slots(state, proxy);
  for (const auto& running : before)
    if (running->removed.load(std::memory_order_relaxed)) {
      running->index = balance::kNoServer;
      superseded_.push_back(running);
    }
  const BackendState::Live live = state.live_servers();
  state.up = live.active + live.backup != 0 || state.servers.empty();
  state.published.store(!proxy.unpublished, std::memory_order_relaxed);
  state.serve_waiters();
}

}  // namespace weir::proxy
