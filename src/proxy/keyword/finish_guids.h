// Guids: names that one object bears of all proxies, servers and listening addresses. Manual: guid, guid-prefix.
#pragma once

#include <string_view>

#include "base/diagnostics.h"
#include "proxy/model.h"

namespace weir::proxy {

/// Reports what bears the guid of something else.
void check_guids(const Config& config, Diagnostics& diagnostics);
/// For a server that is added: whether something of the running configuration bears it.
[[nodiscard]] bool guid_is_taken(const Config& config, std::string_view guid);

}  // namespace weir::proxy
