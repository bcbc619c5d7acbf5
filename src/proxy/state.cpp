#include "proxy/state.h"

#include <algorithm>

#include "base/assert.h"

namespace weir::proxy {
namespace {

std::atomic<std::uint64_t> next_ticket{1};
GrantPost grant_post = nullptr;

}  // namespace

void set_grant_post(GrantPost post) { grant_post = post; }

ServerState::ServerState(BackendState& owner, std::shared_ptr<const ServerConfig> configured, unsigned workers)
    : name(configured->name),
      id(configured->id),
      backend(owner),
      config(std::move(configured)),
      address(config->address),
      health(config->check.rise, config->check.fall, config->check_enabled, config->health.init_state,
             config->health.agent.enabled),
      agent(config->health.agent),
      counters(workers) {}

bool BackendState::may_serve(std::uint32_t index) const {
  const balance::ServerSlot& slot = slots[index];
  return !slot.full() && slot.queued == 0;
}

bool BackendState::may_be_given(const ServerState& server, bool even_down) const {
  if (server.index == balance::kNoServer) return false;
  return server.health.usable_by_persistence() || (even_down && !server.health.in_maintenance());
}

// Manual, minconn and fullconn: between the two limits the ramp follows the backend's load. Manual, slowstart: what
// that gives grows with the server's share, and is at least 1.
std::uint32_t BackendState::limit_of(const ServerState& server) const {
  const ServerConfig& configured = *server.config;
  const std::uint32_t most = server.runtime_maxconn.value_or(configured.maxconn);
  std::uint64_t limit = most;
  if (configured.minconn != 0 && configured.minconn < configured.maxconn) {
    const std::uint64_t load = sessions.value();
    if (fullconn != 0 && load < fullconn) limit = std::max<std::uint64_t>(configured.minconn, load * most / fullconn);
  }
  const std::uint16_t warm = slots[server.index].warm;
  if (limit != 0 && warm < 100) limit = std::max<std::uint64_t>(1, limit * warm / 100);
  return static_cast<std::uint32_t>(limit);
}

void BackendState::update_limits() {
  if (!dynamic_limits) return;
  for (std::uint32_t i = 0; i < servers.size(); i++) {
    const std::uint32_t limit = limit_of(*servers[i]);
    if (slots[i].maxconn == limit) continue;
    slots[i].maxconn = limit;
    picker->load_changed(i);
  }
}

void BackendState::start_warming(ServerState& server, TimePoint now) {
  if (server.config->slowstart.count() == 0 || server.index == balance::kNoServer) return;
  if (!server.warming_since) warming_++;
  server.warming_since = now;
  warm_up(now);
}

bool BackendState::warm_up(TimePoint now) {
  if (warming_ == 0) return false;
  for (const auto& server : servers) {
    if (!server->warming_since) continue;
    const auto passed = std::chrono::duration_cast<Milliseconds>(now - *server->warming_since);
    const Milliseconds whole = server->config->slowstart;
    if (passed >= whole || !server->health.up() || server->health.in_maintenance()) {
      server->warming_since.reset();
      warming_--;
    }
    const auto percent = server->warming_since ? std::max<std::int64_t>(1, passed.count() * 100 / whole.count()) : 100;
    balance::ServerSlot& slot = slots[server->index];
    if (slot.warm == percent) continue;
    slot.warm = static_cast<std::uint16_t>(percent);
    refresh_slot(*server);
  }
  return warming_ != 0;
}

void BackendState::reserve(ServerState& server) {
  slots[server.index].served++;
  picker->load_changed(server.index);
}

AssignResult BackendState::reserved(ServerState& server, TimePoint now) {
  reserve(server);
  server.last_session = last_session = now;
  AssignResult result;
  result.kind = AssignResult::Kind::server;
  result.server = servers[server.index];
  result.address = server.address;
  result.config = server.config;
  return result;
}

AssignResult BackendState::without_a_server() const {
  AssignResult result;
  // COMPAT: observed on 2.6: where there are servers, none of them up is no reason to go elsewhere.
  if (!unlisted || !servers.empty()) return result;
  result.kind = AssignResult::Kind::server;
  result.server = unlisted;
  result.address = unlisted->address;
  result.config = unlisted->config;
  return result;
}

AssignResult BackendState::wait_in(WaitLine& chosen, const AssignRequest& request) {
  Waiter& waiter = *request.waiter;
  waiter.order = queue_order(request.priority, request.now);
  waiter.ticket = next_ticket.fetch_add(1, std::memory_order_relaxed);
  chosen.push(waiter);
  waiting_++;
  AssignResult result;
  result.kind = AssignResult::Kind::queued;
  (&chosen == &line ? result.backend_queue : result.server_queue) = chosen.size();
  return result;
}

AssignResult BackendState::wait_for(ServerState& server, const AssignRequest& request) {
  balance::ServerSlot& slot = slots[server.index];
  AssignResult result;
  result.kind = AssignResult::Kind::queue_full;
  if (slot.maxqueue == 0 || slot.queued < slot.maxqueue) {
    slot.queued++;
    server.queued.increment();
    picker->load_changed(server.index);
    result = wait_in(server.line, request);
  }
  result.server = servers[server.index];
  return result;
}

AssignResult BackendState::assign(const AssignRequest& request) {
  const std::scoped_lock guard(lock);
  update_limits();
  ServerState* server = request.wanted;
  bool gave_way = false;
  bool bound = server != nullptr && may_be_given(*server, request.wanted_even_down);
  if (bound) {
    const balance::ServerSlot& slot = slots[server->index];
    if (may_serve(server->index)) return reserved(*server, request.now);
    // Manual, maxqueue and option redispatch: behind a full queue persistence may give way to another server.
    bound = !request.may_give_way || slot.maxqueue == 0 || slot.queued < slot.maxqueue;
    gave_way = !bound;
  }
  if (!bound) {
    const std::uint32_t excluded = request.excluded != nullptr ? request.excluded->index : balance::kNoServer;
    const auto now_ms = std::chrono::duration_cast<Milliseconds>(request.now.time_since_epoch()).count();
    const std::uint32_t index =
        picker->pick({.hash = request.hash, .exclude = excluded, .now_ms = static_cast<std::uint64_t>(now_ms)});
    if (index == balance::kNoServer) return without_a_server();
    server = servers[index].get();
    if (may_serve(index)) {
      AssignResult result = reserved(*server, request.now);
      result.gave_way = gave_way;
      return result;
    }
    // A hash decides even when its server is full.
    bound = picker->algorithm().key != balance::KeyKind::none && request.hash.has_value();
  }
  if (bound) return wait_for(*server, request);
  queued.increment();
  return wait_in(line, request);
}

// Out of its line, whichever it is, with all that counts it.
void BackendState::take_out(Waiter& waiter) {
  waiting_--;
  if (waiter.line == &line) {
    queued.decrement();
    line.remove(waiter);
    return;
  }
  const auto owner =
      std::find_if(servers.begin(), servers.end(), [&](const auto& server) { return &server->line == waiter.line; });
  waiter.line->remove(waiter);
  if (owner == servers.end()) return;
  const std::uint32_t index = (*owner)->index;
  slots[index].queued--;
  (*owner)->queued.decrement();
  picker->load_changed(index);
}

void BackendState::grant(Waiter& waiter, ServerState& server) {
  take_out(waiter);
  waiter.granted = servers[server.index];
  reserve(server);
  server.last_session = last_session;
  if (grant_post != nullptr) grant_post(waiter.who);
}

// The head of the server's own line and of the backend's line: whoever came first. Holds the lock.
void BackendState::serve_waiters() {
  if (waiting_ == 0) return;
  update_limits();
  for (std::uint32_t i = 0; i < servers.size(); i++) {
    ServerState& server = *servers[i];
    while (!slots[i].full()) {
      Waiter* own = server.health.usable_by_persistence() ? server.line.first() : nullptr;
      Waiter* any = slots[i].usable() && (!slots[i].backup || picker->on_backup()) ? line.first() : nullptr;
      if (own == nullptr && any == nullptr) break;
      const bool take_own = own != nullptr && (any == nullptr || own->before(*any));
      grant(take_own ? *own : *any, server);
    }
  }
}

void BackendState::release(ServerState& server) {
  const std::scoped_lock guard(lock);
  if (server.index == balance::kNoServer) return;  // no longer of this backend: its slot is gone
  WEIR_ASSERT(slots[server.index].served != 0);
  slots[server.index].served--;
  picker->load_changed(server.index);
  serve_waiters();
}

void BackendState::leave_line(Waiter& waiter) {
  std::shared_ptr<ServerState> passed_on;
  {
    const std::scoped_lock guard(lock);
    if (waiter.line != nullptr) take_out(waiter);
    passed_on = std::move(waiter.granted);
  }
  if (passed_on) release(*passed_on);
}

std::shared_ptr<ServerState> BackendState::take_grant(Waiter& waiter) {
  const std::scoped_lock guard(lock);
  return std::move(waiter.granted);
}

// What balancing may know of a server, from its configuration, its health and what a person set.
void BackendState::describe(ServerState& server) {
  balance::ServerSlot& slot = slots[server.index];
  const ServerConfig& configured = *server.config;
  slot.id = server.id;
  slot.node_key = balance::node_key(configured.hash_key, server.id, server.address, configured.guid);
  slot.weight = static_cast<std::uint16_t>(server.runtime_weight.value_or(configured.weight));
  slot.backup = configured.backup;
  slot.maxconn = limit_of(server);
  slot.maxqueue = configured.maxqueue;
  slot.up = server.health.up() && server.health.state() != check::State::stopping && !server.health.in_maintenance();
  slot.drained = server.health.draining();
}

void BackendState::refresh_slot(ServerState& server) {
  if (server.index == balance::kNoServer) return;
  describe(server);
  picker->state_changed(server.index);
  picker->load_changed(server.index);
}

// The picker learns who is a backup from the whole list: state_changed() alone would take all for active ones.
void BackendState::rebuild(std::unique_ptr<balance::Picker> next_picker) {
  dynamic_limits = false;
  warming_ = 0;
  for (std::uint32_t i = 0; i < servers.size(); i++) {
    servers[i]->index = i;
    dynamic_limits = dynamic_limits || servers[i]->config->minconn != 0;
    if (servers[i]->warming_since) warming_++;
    describe(*servers[i]);
  }
  picker = std::move(next_picker);
  picker->rebuild(slots);
}

std::uint32_t BackendState::requeue_waiters(ServerState& server) {
  std::uint32_t moved = 0;
  if (server.index == balance::kNoServer) return moved;
  while (Waiter* waiter = server.line.first()) {
    take_out(*waiter);
    moved++;
    if (grant_post != nullptr) grant_post(waiter->who);
  }
  return moved;
}

ServerState* BackendState::find_server(std::string_view server_name) const {
  const auto found =
      std::find_if(servers.begin(), servers.end(), [&](const auto& server) { return server->name == server_name; });
  return found == servers.end() ? nullptr : found->get();
}

BackendState::Live BackendState::live_servers() const {
  Live live;
  for (const balance::ServerSlot& slot : slots)
    if (slot.usable()) (slot.backup ? live.backup : live.active)++;
  return live;
}

}  // namespace weir::proxy
