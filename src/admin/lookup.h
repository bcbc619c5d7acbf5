// Finding what a command's words name: backends, frontends, servers, by name or by `#id`.
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

/// What `del server` asks for, each under the backend's lock.
bool in_maintenance(const NamedServer& named);
bool has_sessions(const NamedServer& named);
inline constexpr std::string_view kNotInMaintenance = "Only servers in maintenance mode can be deleted.";

/// Balancing draws a map of the weights once: they cannot change at run time, and no server can join.
bool has_fixed_weights(const proxy::BackendPlan& backend);

}  // namespace weir::admin
