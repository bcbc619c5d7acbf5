// Finding what a command's words name: backends, frontends, servers, by name or by `#id`; and the proxies in the order
// of the configuration.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/plan.h"
#include "proxy/state.h"

namespace weir::admin {

std::shared_ptr<const proxy::BackendPlan> named_backend(const proxy::Plan& plan, std::string_view word);

/// The error is the answer to give.
Result<std::shared_ptr<const proxy::FrontendPlan>> named_frontend(const proxy::Plan& plan, std::string_view word);

struct NamedServer {
  std::shared_ptr<const proxy::BackendPlan> backend;
  std::shared_ptr<proxy::ServerState> server;
};
/// "backend/server". The error is the answer to give.
Result<NamedServer> named_server(const proxy::Plan& plan, std::string_view word);

/// The two halves of a `listen` section, or the one a frontend or backend has.
struct ProxyPair {
  std::shared_ptr<const proxy::FrontendPlan> frontend;
  std::shared_ptr<const proxy::BackendPlan> backend;
  [[nodiscard]] const proxy::ProxyConfig& config() const { return frontend ? *frontend->config : *backend->config; }
  [[nodiscard]] const std::string& name() const { return config().name; }
};
std::vector<ProxyPair> proxies_in_order(const proxy::Plan& plan);

}  // namespace weir::admin
