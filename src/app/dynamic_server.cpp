// `add server` and `del server` on the control thread: the running configuration with one server more or less goes
// through the same door as a reload.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "admin/lookup.h"
#include "app/process.h"

#include "app/load_options.h"
#include "proxy/references.h"

namespace weir::app {
namespace {

std::shared_ptr<proxy::ProxyConfig> copy_of(const proxy::Config& config, const std::string& backend) {
  for (const auto& proxy : config.proxies)
    if (proxy->name == backend && proxy->is_backend()) return std::make_shared<proxy::ProxyConfig>(*proxy);
  return nullptr;
}

std::string messages(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics.all()) {
    if (one.severity < Severity::alert) continue;
    text += one.message;
    if (!one.hint.empty()) text += fmt::format(" ({})", one.hint);
    text += '\n';
  }
  return text;
}

}  // namespace

std::pair<bool, std::string> Process::apply_changed(const std::string& backend,
                                                    std::shared_ptr<proxy::ProxyConfig> after) {
  proxy::sign_parts(*after);
  proxy::Config config = engine_.config();
  for (auto& proxy : config.proxies)
    if (proxy->name == backend && proxy->is_backend()) proxy = after;
  if (auto applied = engine_.apply(std::move(config)); !applied) return {false, applied.error().message + "\n"};
  watch_retired();
  return {true, {}};
}

std::pair<bool, std::string> Process::add_now(const std::string& backend, const std::vector<std::string>& words) {
  if (stopping_) return {false, "weir is stopping: no server is added\n"};
  const auto changed = copy_of(engine_.config(), backend);
  if (!changed) return {false, "No such backend.\n"};
  const auto has_name = [&](const proxy::ServerConfig& server) { return server.name == words.front(); };
  if (std::any_of(changed->servers.begin(), changed->servers.end(), has_name))
    return {false, "Already exists a server with the same name in backend.\n"};
  Diagnostics diagnostics;
  auto server = proxy::load_server(engine_.config(), *changed, words, load_options(line_), diagnostics);
  if (!server) return {false, messages(diagnostics)};
  const auto plan = engine_.plan()->backend(backend);
  if (server->explicit_id && plan) {
    const std::scoped_lock guard(plan->state->lock);
    for (const auto& other : plan->state->servers)
      if (other->id == server->id)
        return {false, fmt::format("the id {} is taken by server '{}'\n", server->id, other->name)};
  }
  changed->servers.push_back(std::move(*server));
  return apply_changed(backend, changed);
}

std::pair<bool, std::string> Process::remove_now(const std::string& backend, const std::string& server) {
  if (stopping_) return {false, "weir is stopping: no server is removed"};
  const auto changed = copy_of(engine_.config(), backend);
  if (!changed) return {false, "No such backend."};
  const auto named = admin::named_server(*engine_.plan(), fmt::format("{}/{}", backend, server));
  if (!named) return {false, "No such server."};
  if (proxy::is_referenced(engine_.config(), *changed, server))
    return {false, "This server cannot be removed at runtime due to other configuration elements pointing to it."};
  if (!admin::in_maintenance(*named)) return {false, std::string(admin::kNotInMaintenance)};
  if (admin::has_sessions(*named)) return {false, "Server still has connections attached to it, cannot remove it."};
  std::erase_if(changed->servers, [&](const proxy::ServerConfig& one) { return one.name == server; });
  return apply_changed(backend, changed);
}

void Process::add_server(std::string backend, std::vector<std::string> words, Answer done) {
  io::Worker& worker = io::Worker::current();
  loop_.post([this, &worker, name = std::move(backend), line = std::move(words), asked = std::move(done)] {
    answer_on(worker, asked, add_now(name, line));
  });
}

void Process::remove_server(std::string backend, std::string server, Answer done) {
  io::Worker& worker = io::Worker::current();
  loop_.post([this, &worker, name = std::move(backend), one = std::move(server), asked = std::move(done)] {
    answer_on(worker, asked, remove_now(name, one));
  });
}

}  // namespace weir::app
