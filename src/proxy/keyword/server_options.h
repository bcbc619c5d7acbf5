// The options of `server` and `default-server` lines.
#pragma once

#include "config/arguments.h"
#include "proxy/model.h"

namespace weir::proxy {

const config::OptionTable<ServerConfig>& server_options();
/// The same without `id`, which no two servers may share.
const config::OptionTable<ServerConfig>& default_server_options();

}  // namespace weir::proxy
