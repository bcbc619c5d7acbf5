#include "proxy/keyword/finish_tracking.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weir::proxy {
namespace {

struct Place {
  const ProxyConfig* proxy = nullptr;
  const ServerConfig* server = nullptr;
};

class TrackingCheck {
 public:
  TrackingCheck(const Config& config, Diagnostics& diagnostics) : config_(config), diagnostics_(diagnostics) {
    for (const auto& proxy : config_.proxies)
      if (proxy->is_backend()) backends_.emplace(proxy->name, proxy.get());
  }

  void run(Config& config) {
    std::vector<Place> tracking;
    for (const auto& proxy : config.proxies)
      for (ServerConfig& server : proxy->servers)
        if (!server.health.track.empty() && resolved(*proxy, server)) tracking.push_back({proxy.get(), &server});
    for (const Place& place : tracking) chain(place);
  }

  // Management 9.3, add server: what is added may track, and only what stays can be tracked.
  void run(const ProxyConfig& proxy, ServerConfig& added) {
    if (added.health.track.empty() || !resolved(proxy, added)) return;
    if (servers().at(added.health.track).server->added_at_run_time)
      wrong(added, fmt::format("'{}' was added at run time, and such a server cannot be tracked", added.health.track));
    else
      chain({&proxy, &added});
  }

 private:
  Diagnostic& wrong(const ServerConfig& server, std::string_view what) {
    return diagnostics_.error(server.health.track_at, fmt::format("server '{}': {}", server.name, what));
  }

  // All servers by "backend/name", read once somebody tracks.
  const std::unordered_map<std::string, Place>& servers() {
    if (!servers_.empty()) return servers_;
    for (const auto& proxy : config_.proxies)
      for (const ServerConfig& server : proxy->servers)
        servers_.emplace(fmt::format("{}/{}", proxy->name, server.name), Place{proxy.get(), &server});
    return servers_;
  }

  bool resolved(const ProxyConfig& proxy, ServerConfig& server) {
    std::string& track = server.health.track;
    if (!track.contains('/')) track = fmt::format("{}/{}", proxy.name, track);
    const std::string_view backend = std::string_view(track).substr(0, track.find('/'));
    if (const auto found = backends_.find(backend); found == backends_.end() || found->second->settings.disabled) {
      auto& error = wrong(server, fmt::format("there is no backend '{}' whose servers could be tracked", backend));
      if (found != backends_.end()) error.hint = "it is disabled";
      return false;
    }
    if (!servers().contains(track)) {
      wrong(server, fmt::format("there is no server '{}' to track", track));
      return false;
    }
    if (server.check_enabled || server.health.agent.enabled) {
      wrong(server, fmt::format("it cannot track '{}' and be checked itself", track)).hint =
          server.check_enabled ? "leave one out: 'track', or 'check'" : "leave one out: 'track', or 'agent-check'";
      return false;
    }
    if (server.health.init_state != check::InitState::none) {
      wrong(server, fmt::format("'init-state' says where it starts, and '{}', which it tracks, does too", track));
      return false;
    }
    return true;
  }

  // Manual, track: at the end of the chain a server is checked.
  void chain(const Place& start) {
    std::unordered_set<const ServerConfig*> seen{start.server};
    Place at = start;
    while (!at.server->health.track.empty()) {
      const auto next = servers().find(at.server->health.track);
      if (next == servers().end()) return;  // told already
      at = next->second;
      if (seen.insert(at.server).second) continue;
      wrong(*start.server, fmt::format("tracking '{}' leads back to '{}/{}'", start.server->health.track,
                                       at.proxy->name, at.server->name))
          .hint = "a chain ends at a server with 'check'";
      return;
    }
    if (at.server->check_enabled || at.server->health.agent.enabled) return;
    wrong(*start.server,
          fmt::format("'{}/{}' is not checked: there is nothing to track", at.proxy->name, at.server->name))
        .example = fmt::format("server {} {} check", at.server->name,
                               at.server->words.size() > 1 ? at.server->words[1] : "192.0.2.11:3389");
  }

  const Config& config_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, const ProxyConfig*> backends_;
  std::unordered_map<std::string, Place> servers_;
};

}  // namespace

void finish_tracking(Config& config, Diagnostics& diagnostics) { TrackingCheck(config, diagnostics).run(config); }

void finish_tracking(const Config& running, const ProxyConfig& backend, ServerConfig& added, Diagnostics& diagnostics) {
  TrackingCheck(running, diagnostics).run(backend, added);
}

}  // namespace weir::proxy
