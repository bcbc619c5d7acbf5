// The options of `server` and `default-server` lines.
#pragma once

#include <span>

#include "config/arguments.h"
#include "proxy/model.h"

namespace weir::proxy {

const config::OptionTable<ServerConfig>& server_options();
/// The same without `id`, which no two servers may share.
const config::OptionTable<ServerConfig>& default_server_options();

/// Those about the server's health: server_health_options.cpp.
extern const std::span<const config::OptionRow<ServerConfig>> server_health_options;

}  // namespace weir::proxy
