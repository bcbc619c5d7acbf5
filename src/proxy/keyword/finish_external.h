// The second pass over `option external-check`: what must be said elsewhere for a command to run.
#pragma once

#include "proxy/keyword/finish.h"
#include "proxy/model.h"

namespace weir::proxy {

void finish_external_check(const Config& config, const ProxyConfig& proxy, const FinishOptions& options,
                           Diagnostics& diagnostics);

}  // namespace weir::proxy
