// Who else names a server: a server that lines refer to cannot go while they stay. Manual: management 9.3, del server.
#pragma once

#include <string_view>

#include "proxy/model.h"

namespace weir::proxy {

/// Another server tracks it, a `use-server` rule of its backend names it, or an expression asks about it.
bool is_referenced(const Config& config, const ProxyConfig& backend, std::string_view server);

}  // namespace weir::proxy
