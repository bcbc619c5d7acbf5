// What a request is told about itself when it leaves: `option forwarded`, `option http-restrict-req-hdr-names`.
#pragma once

#include "proxy/tcp/session.h"

namespace weir::proxy {

/// Adds the backend's Forwarded field.
void tell_forwarded(Session& session);

/// Names that not all servers understand are removed, as that proxy's option says. False: it wants the request refused.
[[nodiscard]] bool restrict_names(Session& session, const ProxyConfig& proxy);

}  // namespace weir::proxy
