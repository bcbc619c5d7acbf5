// Servers begin as a former process left them: load-server-state-from-file. Observed on 2.6: names decide who is meant,
// numbers do not; an address that was written is the file's only where a name stood for it; a weight counts if the
// configuration still says the one it was changed from; `disabled` that came or went in the configuration counts.
#include <fmt/format.h>

#include <mutex>
#include <set>

#include "proxy/engine.h"
#include "proxy/health_events.h"
#include "proxy/server_state_file.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kMostFile = std::size_t{64} << 20;

constexpr unsigned bit(check::Admin flag) { return static_cast<unsigned>(flag); }

std::string based(const std::string& base, const std::string& file) {
  if (base.empty() || file.starts_with('/')) return file;
  return base.ends_with('/') ? base + file : fmt::format("{}/{}", base, file);
}

void restore_address(ServerState& server, const SavedServer& saved) {
  const ServerConfig& config = *server.config;
  const bool named = !config.spec.host.empty() && saved.fqdn == config.spec.host;
  if (named && saved.address != "-") {
    const auto parsed = parse_address(saved.address.find(':') != std::string::npos ? fmt::format("[{}]", saved.address)
                                                                                   : saved.address);
    if (parsed && parsed->address.is_inet() && parsed->host.empty()) {
      SocketAddress address = parsed->address;
      address.set_port(config.spec.address.port());
      server.address = address;
    }
  }
  if (saved.port == 0 || config.port_from_client || !server.address.is_inet()) return;
  if (server.address.port() != saved.port) server.runtime_address = true;
  server.address.set_port(saved.port);
}

// Administrative state first: it decides whether the rest means anything.
std::vector<check::Notice> restore_health(ServerState& server, const SavedServer& saved) {
  using check::Admin;
  std::vector<check::Notice> notices;
  const check::ServerName name{server.backend.name, server.name, server.config->backup};
  const bool was_disabled = (saved.admin & bit(Admin::config_maint)) != 0;
  const bool disabled = server.config->disabled;
  // What the configuration changed, it decides.
  const bool maint = disabled == was_disabled ? (saved.admin & bit(Admin::forced_maint)) != 0 : disabled;
  const auto left = [&] {
    const BackendState::Live live = server.backend.live_servers();
    return check::Remaining{live.active, live.backup, 0, 0, 0};
  };
  const bool left_maint = server.health.in_maintenance() && !maint;
  server.health.set_admin(Admin::forced_maint, maint);
  server.health.set_admin(Admin::forced_drain, (saved.admin & bit(Admin::forced_drain)) != 0);
  const bool down = saved.state == check::State::stopped && (maint || disabled == was_disabled);
  check::CheckResult last;
  if (server.health.checked() && saved.checks_configured) last.status = saved.check_status;
  const auto full = server.health.rise() + server.health.fall() - 1;
  const bool counted = server.health.checked() && saved.checks_configured;
  server.health.restore(down                                    ? check::State::stopped
                        : saved.state == check::State::stopping ? saved.state
                                                                : check::State::running,
                        counted ? saved.check_counter
                        : down  ? 0
                                : full,
                        last);
  server.checks_paused = counted && !saved.checks_enabled;
  server.backend.refresh_slot(server);
  if (left_maint) notices.push_back(check::admin_notice(name, check::AdminEvent::leave_maint, server.health, left()));
  if (!server.health.up() && !(maint && disabled))
    notices.push_back(check::restored_notice(name, check::Transition::down, left()));
  if (server.health.state() == check::State::stopping)
    notices.push_back(check::restored_notice(name, check::Transition::stopping, left()));
  if (server.health.draining())
    notices.push_back(check::admin_notice(name, check::AdminEvent::remain_in_drain, server.health, left()));
  return notices;
}

void restore_server(ServerState& server, const SavedServer& saved, TimePoint now, std::vector<check::Notice>& notices) {
  if (saved.configured_weight == server.config->weight && saved.weight != saved.configured_weight)
    server.runtime_weight = saved.weight;
  restore_address(server, saved);
  for (check::Notice& notice : restore_health(server, saved)) notices.push_back(std::move(notice));
  server.last_change = now - saved.since_change;
}

}  // namespace

std::vector<std::string> Engine::restore_servers() {
  std::vector<std::string> problems;
  std::map<std::string, SavedStates> files;
  const GlobalConfig& global = config_.global;
  const TimePoint now = Clock::now();
  for (const auto& backend : plan_->backends) {
    const ProxyConfig& proxy = *backend->config;
    if (proxy.settings.server_state == ServerStateSource::none) continue;
    const bool local = proxy.settings.server_state == ServerStateSource::local;
    const std::string own = proxy.server_state_file.empty() ? proxy.name : proxy.server_state_file;
    const std::string path = based(global.server_state_base, local ? own : global.server_state_file);
    if (path.empty()) continue;
    auto [file, added] = files.try_emplace(path);
    if (added) {
      const auto text = opener_.read_file(path, kMostFile);
      if (text)
        file->second = parse_server_states(*text, path);
      else
        file->second.problems.push_back(fmt::format("server states: {}", text.error().message));
      problems.insert(problems.end(), file->second.problems.begin(), file->second.problems.end());
    }
    std::vector<check::Notice> notices;
    {
      const std::scoped_lock guard(backend->state->lock);
      for (const auto& server : backend->state->servers) {
        const auto saved = file->second.servers.find(fmt::format("{}/{}", proxy.name, server->name));
        if (saved != file->second.servers.end()) restore_server(*server, saved->second, now, notices);
      }
      const BackendState::Live live = backend->state->live_servers();
      backend->state->up = live.active + live.backup != 0 || backend->state->servers.empty();
    }
    WorkerContext* worker = process_.contexts.front().get();
    worker->io->post([worker, backend, said = std::move(notices)] {
      for (const check::Notice& notice : said) {
        worker->emit(backend->log, {.level = static_cast<log::Level>(notice.level), .message = notice.text});
        show_on_terminal(*worker->process, notice.level, notice.terminal_text);
      }
    });
  }
  return problems;
}

}  // namespace weir::proxy
