// The second pass over `track`: who tracks whom, checked over all backends.
#pragma once

#include "proxy/model.h"

namespace weir::proxy {

/// Puts the backend's name before every tracked server; refuses what cannot be tracked: the unknown, the unchecked,
/// chains that come back to where they began, and servers that also check for themselves.
void finish_tracking(Config& config, Diagnostics& diagnostics);
/// The same for one server that `backend` is to have besides those of `running`; none added at run time can be tracked.
void finish_tracking(const Config& running, const ProxyConfig& backend, ServerConfig& added, Diagnostics& diagnostics);

}  // namespace weir::proxy
