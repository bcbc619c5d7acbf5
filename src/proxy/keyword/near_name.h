// "did you mean ...?" for names that nothing has.
#pragma once

#include <string>
#include <string_view>

#include "proxy/model.h"

namespace weir::proxy {

/// The nearest name of that kind, as a hint; empty: none is near. Servers as "backend/server".
[[nodiscard]] std::string near_name(const Config& config, sample::ArgKind kind, std::string_view name);
/// The same among a backend's own servers.
[[nodiscard]] std::string near_server(const ProxyConfig& backend, std::string_view name);

}  // namespace weir::proxy
