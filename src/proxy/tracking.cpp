#include "proxy/tracking.h"

#include <mutex>
#include <string>
#include <vector>

#include "proxy/health_change.h"

namespace weir::proxy {
namespace {

std::mutex tracking_lock;

check::Leader read_leader(const ServerState& server) {
  const std::scoped_lock guard(server.backend.lock);
  return server.health.as_leader(!server.checks_paused);
}

std::string name_of(const ServerState& server) { return server.backend.name + '/' + server.name; }

// The follower's own words for what it takes over.
void take_over(WorkerContext& worker, ServerState& follower, const ServerState& from, const check::Leader& leader) {
  HealthChange change(worker, follower);
  const AdminState before = admin_state(follower.health);
  const check::Change moved = follower.health.follow(leader);
  const AdminState after = admin_state(follower.health);
  const check::Remaining left = change.settle();
  const std::vector<check::AdminEvent> events = admin_events(before, after);
  const std::string via = name_of(from);
  for (const check::AdminEvent event : events)
    change.tell(check::admin_notice(change.name(), event, follower.health, left, via));
  if (events.empty() && moved.transition != check::Transition::none && !after.maint)
    change.tell(check::followed_notice(change.name(), moved.transition, via, left));
  if (moved.transition == check::Transition::down) change.marked_down();
  change.finish(false);
}

// Chains are finite: loops were refused with the configuration.
void tell_followers(WorkerContext& worker, ServerState& leader) {
  const std::vector<TrackedServer> followers = leader.followers;
  for (const TrackedServer& one : followers) {
    const std::shared_ptr<BackendState> backend = one.backend.lock();
    const std::shared_ptr<ServerState> follower = one.server.lock();
    if (!backend || !follower) continue;
    take_over(worker, *follower, leader, read_leader(leader));
    tell_followers(worker, *follower);
  }
}

ServerState* find(const Plan& plan, const std::string& track) {
  const auto slash = track.find('/');
  const std::shared_ptr<const BackendPlan> backend = plan.backend(std::string_view(track).substr(0, slash));
  if (!backend) return nullptr;
  const std::scoped_lock guard(backend->state->lock);
  return backend->state->find_server(std::string_view(track).substr(slash + 1));
}

std::vector<std::shared_ptr<ServerState>> servers_of(const BackendPlan& backend) {
  const std::scoped_lock guard(backend.state->lock);
  return backend.state->servers;
}

// Without a word: nothing has happened to them.
void bring_into_line(ServerState& server) {
  for (const TrackedServer& one : server.followers) {
    const std::shared_ptr<BackendState> backend = one.backend.lock();
    const std::shared_ptr<ServerState> follower = one.server.lock();
    if (!backend || !follower) continue;
    const check::Leader leader = read_leader(server);
    {
      const std::scoped_lock guard(backend->lock);
      const bool was_up = follower->health.up() && !follower->health.in_maintenance();
      bool lost_all = false;
      follower->health.follow(leader);
      settle_server(nullptr, *follower, was_up, Clock::now(), lost_all);
    }
    bring_into_line(*follower);
  }
}

}  // namespace

void link_followers(const Plan& plan) {
  const std::scoped_lock tracking(tracking_lock);
  std::vector<std::shared_ptr<ServerState>> all;
  for (const auto& backend : plan.backends)
    for (auto& server : servers_of(*backend)) all.push_back(std::move(server));
  for (const auto& server : all) {
    server->followers.clear();
    server->leader = {};
    server->followed.store(false, std::memory_order_relaxed);
  }
  for (const auto& server : all) {
    const std::string& track = server->config->health.track;
    ServerState* leader = track.empty() ? nullptr : find(plan, track);
    if (leader == nullptr) {
      const std::scoped_lock guard(server->backend.lock);
      if (server->health.stop_following()) server->backend.refresh_slot(*server);
      continue;
    }
    server->leader = {leader->backend.weak_from_this(), leader->weak_from_this()};
    leader->followers.push_back({server->backend.weak_from_this(), server});
    leader->followed.store(true, std::memory_order_relaxed);
  }
  for (const auto& server : all)
    if (server->config->health.track.empty()) bring_into_line(*server);
}

void hand_on_health(WorkerContext& worker, ServerState& leader) {
  if (!leader.followed.load(std::memory_order_relaxed)) return;
  const std::scoped_lock tracking(tracking_lock);
  tell_followers(worker, leader);
}

}  // namespace weir::proxy
