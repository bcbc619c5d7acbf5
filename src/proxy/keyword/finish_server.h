// The second pass over one server: its address, its source, and its check, which takes kind, steps and timeouts from
// the backend.
#pragma once

#include "proxy/keyword/finish.h"
#include "proxy/model.h"

namespace weir::proxy {

void finish_server(const Config& config, const ProxyConfig& proxy, ServerConfig& server, const FinishOptions& options,
                   Diagnostics& diagnostics);

}  // namespace weir::proxy
