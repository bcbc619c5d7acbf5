// Rules that nothing reaches, for a rule before them always ends their set: a warning, as such files run.
#pragma once

#include "base/diagnostics.h"
#include "proxy/model.h"

namespace weir::proxy {

void warn_of_unreachable(const ProxyConfig& proxy, Diagnostics& diagnostics);

}  // namespace weir::proxy
