// What a server line says about the server's health beside its check: whom it tracks, its agent, what traffic proves.
//
// Values only. Manual 5.2: track, observe, error-limit, on-error, init-state, agent-*.
#pragma once

#include <cstdint>
#include <string>

#include "base/address.h"
#include "base/diagnostics.h"
#include "base/time.h"
#include "check/health.h"

namespace weir::proxy {

/// An agent-check, as written or as the runtime socket changed it.
struct AgentSettings {
  bool enabled = false;
  SocketAddress address;  // family none: the server's
  std::uint16_t port = 0;
  Milliseconds inter{2000};
  std::string send;
  friend bool operator==(const AgentSettings&, const AgentSettings&) = default;
};

struct HealthSettings {
  std::string track;  // "[backend/]server" as written; finish_config() puts the backend before it
  SourcePosition track_at;
  bool observe = false;  // layer4
  std::uint32_t error_limit = 10;
  check::OnError on_error = check::OnError::fail_check;
  check::InitState init_state = check::InitState::none;
  AgentSettings agent;
};

}  // namespace weir::proxy
