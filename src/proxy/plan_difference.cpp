#include "proxy/plan_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "proxy/engine.h"

namespace weir::proxy {
namespace {

using ByName = std::unordered_map<std::string, const ProxyConfig*>;

ByName index(const Config& config, bool frontends) {
  ByName names;
  for (const auto& proxy : config.proxies)
    if (!proxy->settings.disabled && (frontends ? proxy->is_frontend() : proxy->is_backend()))
      names.emplace(proxy->name, proxy.get());
  return names;
}

std::string sessions_text(std::uint64_t sessions) {
  if (sessions == 0) return "no session on it";
  return sessions == 1 ? "1 session runs to its end" : fmt::format("{} sessions run to their end", sessions);
}

class Comparison {
 public:
  Comparison(const Config& running, const Config& wanted, const Engine& engine)
      : running_(running), wanted_(wanted), engine_(engine) {}

  PlanDifference run() {
    globals();
    updates();
    frontends();
    backends();
    return std::move(difference_);
  }

 private:
  void say(std::string line) { difference_.lines.push_back(std::move(line)); }

  void refuse_if(bool changed, std::string_view name) {
    if (changed && difference_.refused.empty()) difference_.refused = fmt::format("global setting '{}'", name);
  }

  // What was settled when the process started: threads, buffers, identity.
  void globals() {
    const GlobalConfig& a = running_.global;
    const GlobalConfig& b = wanted_.global;
    refuse_if(a.threads != b.threads, "nbthread");
    refuse_if(a.thread_hard_limit != b.thread_hard_limit, "thread-hard-limit");
    refuse_if(a.busy_polling != b.busy_polling, "busy-polling");
    refuse_if(a.insecure_setuid != b.insecure_setuid, "insecure-setuid-wanted");
    refuse_if(a.chroot != b.chroot, "chroot");
    refuse_if(a.user != b.user || a.uid != b.uid, "user");
    refuse_if(a.group != b.group || a.gid != b.gid, "group");
    refuse_if(a.bufsize != b.bufsize, "tune.bufsize");
    refuse_if(a.max_http_fields != b.max_http_fields, "tune.http.maxhdr");
    refuse_if(a.maxpipes != b.maxpipes, "maxpipes");
    refuse_if(a.pipesize != b.pipesize, "tune.pipesize");
    refuse_if(a.no_splice != b.no_splice, "nosplice");
    refuse_if(a.no_reuseport != b.no_reuseport, "noreuseport");
    if (a.lines != b.lines) say("~ global: settings changed");
  }

  void updates() {
    std::map<std::string_view, const update::UpdateConfig*> before;
    for (const update::UpdateConfig& one : running_.updates.updates) before.emplace(one.list, &one);
    for (const update::UpdateConfig& one : wanted_.updates.updates) {
      const auto found = before.find(one.list);
      if (found == before.end())
        say(fmt::format("+ update {} from {}", one.list, one.from));
      else if (!(*found->second == one))
        say(fmt::format("~ update {}: settings changed", one.list));
      if (found != before.end()) before.erase(found);
    }
    for (const auto& [list, one] : before) say(fmt::format("- update {}: the list stays as it is", list));
  }

  static std::set<std::string> addresses(const ProxyConfig& proxy) {
    std::set<std::string> all;
    for (const BindConfig& bind : proxy.binds)
      for (const SocketAddress& address : bind.addresses) all.insert(address.to_string());
    return all;
  }

  void listeners(const ProxyConfig& before, const ProxyConfig& after) {
    const std::set<std::string> old_addresses = addresses(before);
    const std::set<std::string> new_addresses = addresses(after);
    for (const std::string& address : new_addresses)
      if (!old_addresses.contains(address)) say(fmt::format("+ frontend {}: listens on {}", after.name, address));
    for (const std::string& address : old_addresses)
      if (!new_addresses.contains(address))
        say(fmt::format("- frontend {}: no longer listens on {}", after.name, address));
  }

  void frontends() {
    const ByName before = index(running_, true);
    const ByName after = index(wanted_, true);
    for (const auto& proxy : wanted_.proxies) {
      const auto wanted = after.find(proxy->name);
      if (wanted == after.end() || wanted->second != proxy.get()) continue;
      const auto found = before.find(proxy->name);
      if (found == before.end()) {
        say(fmt::format("+ frontend {}", proxy->name));
        continue;
      }
      listeners(*found->second, *proxy);
      if (found->second->settings_signature != proxy->settings_signature)
        say(fmt::format("~ frontend {}: settings changed, for new sessions", proxy->name));
    }
    for (const auto& proxy : running_.proxies) {
      if (!before.contains(proxy->name) || after.contains(proxy->name) || !proxy->is_frontend()) continue;
      const auto plan = engine_.plan()->frontend(proxy->name);
      const std::uint64_t sessions = plan ? plan->state->sessions.value() : 0;
      difference_.sessions += sessions;
      say(fmt::format("- frontend {}: {}", proxy->name, sessions_text(sessions)));
    }
  }

  std::uint64_t sessions_on(const std::string& backend, const std::string& server) const {
    const auto plan = engine_.plan()->backend(backend);
    if (!plan) return 0;
    const std::scoped_lock guard(plan->state->lock);
    const ServerState* state = plan->state->find_server(server);
    return state != nullptr ? state->sessions.value() : 0;
  }

  static std::string server_change(const ServerConfig& a, const ServerConfig& b) {
    std::string text;
    const auto add = [&](bool changed, const std::string& what) {
      if (changed) text += (text.empty() ? "" : ", ") + what;
    };
    add(a.weight != b.weight, fmt::format("weight {} -> {}", a.weight, b.weight));
    add(a.maxconn != b.maxconn, fmt::format("maxconn {} -> {}", a.maxconn, b.maxconn));
    add(a.backup != b.backup, b.backup ? "becomes a backup" : "is no backup any more");
    add(a.disabled != b.disabled, b.disabled ? "disabled" : "enabled");
    add(a.check_enabled != b.check_enabled || !(a.check == b.check), "checks");
    return text.empty() ? "settings" : text;
  }

  void servers(const ProxyConfig& before, const ProxyConfig& after) {
    std::unordered_map<std::string, const ServerConfig*> old_servers;
    for (const ServerConfig& server : before.servers) old_servers.emplace(server.name, &server);
    for (const ServerConfig& server : after.servers) {
      const auto found = old_servers.find(server.name);
      if (found == old_servers.end()) {
        say(fmt::format("+ server {}/{} {}", after.name, server.name, server.address.to_string()));
        continue;
      }
      const ServerConfig& old_server = *found->second;
      if (!(old_server.address == server.address) || !(old_server.spec == server.spec)) {
        const std::uint64_t sessions = sessions_on(after.name, server.name);
        difference_.sessions += sessions;
        say(fmt::format("~ server {}/{}: {} -> {}, {}", after.name, server.name, old_server.address.to_string(),
                        server.address.to_string(), sessions_text(sessions)));
      } else if (old_server.signature != server.signature) {
        say(fmt::format("~ server {}/{}: {}, in place", after.name, server.name, server_change(old_server, server)));
      }
      old_servers.erase(found);
    }
    for (const ServerConfig& server : before.servers) {
      if (!old_servers.contains(server.name)) continue;
      const std::uint64_t sessions = sessions_on(before.name, server.name);
      difference_.sessions += sessions;
      say(fmt::format("- server {}/{}: {}", before.name, server.name, sessions_text(sessions)));
    }
  }

  void backends() {
    const ByName before = index(running_, false);
    const ByName after = index(wanted_, false);
    for (const auto& proxy : wanted_.proxies) {
      const auto wanted = after.find(proxy->name);
      if (wanted == after.end() || wanted->second != proxy.get()) continue;
      const auto found = before.find(proxy->name);
      if (found == before.end()) {
        say(fmt::format("+ backend {} with {} servers", proxy->name, proxy->servers.size()));
        continue;
      }
      servers(*found->second, *proxy);
      if (!proxy->is_frontend() && found->second->settings_signature != proxy->settings_signature)
        say(fmt::format("~ backend {}: settings changed, for new sessions", proxy->name));
    }
    for (const auto& proxy : running_.proxies) {
      if (!proxy->is_backend() || !before.contains(proxy->name) || after.contains(proxy->name)) continue;
      const auto plan = engine_.plan()->backend(proxy->name);
      const std::uint64_t sessions = plan ? plan->state->sessions.value() : 0;
      if (!proxy->is_frontend()) difference_.sessions += sessions;
      say(fmt::format("- backend {}: {}", proxy->name, sessions_text(sessions)));
    }
  }

  const Config& running_;
  const Config& wanted_;
  const Engine& engine_;
  PlanDifference difference_;
};

}  // namespace

PlanDifference compare(const Config& running, const Config& wanted, const Engine& engine) {
  return Comparison(running, wanted, engine).run();
}

std::string PlanDifference::text() const {
  if (lines.empty()) return "Nothing changes.\n";
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  all += fmt::format("{} {}, {} {} touched.\n", lines.size(), lines.size() == 1 ? "change" : "changes", sessions,
                     sessions == 1 ? "session" : "sessions");
  return all;
}

}  // namespace weir::proxy
