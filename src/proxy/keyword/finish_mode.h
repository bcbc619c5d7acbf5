// What is written for HTTP has no effect on a proxy in TCP mode, and its owner is told.
#pragma once

#include "base/diagnostics.h"
#include "proxy/model.h"

namespace weir::proxy {

/// One warning for each kind of line; nothing for a proxy in HTTP mode. A frontend that switches to HTTP uses its own.
void warn_of_http_words(const ProxyConfig& proxy, Diagnostics& diagnostics);

}  // namespace weir::proxy
