// The options of bind and server lines about the PROXY protocol.
#pragma once

#include <span>

#include "config/arguments.h"
#include "proxy/model.h"

namespace weir::proxy {

extern const std::span<const config::OptionRow<ServerConfig>> proxy_protocol_server_options;
extern const std::span<const config::OptionRow<BindConfig>> proxy_protocol_bind_options;

}  // namespace weir::proxy
