#include "admin/lookup.h"

#include <mutex>
#include <optional>

#include "base/units.h"

namespace weir::admin {
namespace {

// "#12"
std::optional<std::uint32_t> numeric_id(std::string_view word) {
  if (!word.starts_with('#')) return std::nullopt;
  const auto number = parse_integer(word.substr(1), 0, 0xffffffffLL);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

template <class Part>
std::shared_ptr<const Part> with_id(const std::vector<std::shared_ptr<const Part>>& parts, std::string_view word) {
  const auto id = numeric_id(word);
  if (!id) return nullptr;
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part->config->id == *id; });
  return found == parts.end() ? nullptr : *found;
}

}  // namespace

std::shared_ptr<const proxy::BackendPlan> named_backend(const proxy::Plan& plan, std::string_view word) {
  auto found = plan.backend(word);
  return found ? found : with_id(plan.backends, word);
}

Result<std::shared_ptr<const proxy::FrontendPlan>> named_frontend(const proxy::Plan& plan, std::string_view word) {
  if (word.empty()) return fail("A frontend name is expected.\n");
  auto found = plan.frontend(word);
  if (!found) found = with_id(plan.frontends, word);
  if (!found) return fail("No such frontend.\n");
  return found;
}

Result<NamedServer> named_server(const proxy::Plan& plan, std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos) return fail("Require 'backend/server'.\n");
  NamedServer named;
  named.backend = named_backend(plan, word.substr(0, slash));
  if (!named.backend) return fail("No such backend.\n");
  const std::string_view name = word.substr(slash + 1);
  const auto id = numeric_id(name);
  const std::scoped_lock guard(named.backend->state->lock);
  for (const auto& server : named.backend->state->servers)
    if (server->name == name || (id && server->id == *id)) named.server = server;
  if (!named.server) return fail("No such server.\n");
  return named;
}

bool in_maintenance(const NamedServer& named) {
  const std::scoped_lock guard(named.backend->state->lock);
  return named.server->health.in_maintenance();
}

bool has_sessions(const NamedServer& named) {
  const std::scoped_lock guard(named.backend->state->lock);
  return named.server->sessions.value() != 0 || named.server->line.size() != 0;
}

bool has_fixed_weights(const proxy::BackendPlan& backend) {
  const std::scoped_lock guard(backend.state->lock);
  return backend.state->picker && backend.state->picker->fixed_weights();
}

}  // namespace weir::admin
