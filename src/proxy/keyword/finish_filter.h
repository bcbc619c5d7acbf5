// What bandwidth filters need of the rest of the configuration: their tables.
#pragma once

#include <functional>
#include <string_view>

#include "base/diagnostics.h"
#include "proxy/model.h"

namespace weir::proxy {

/// `find` gives the table of a name, or null.
void finish_filters(const ProxyConfig& proxy, const std::function<const stick::TableConfig*(std::string_view)>& find,
                    Diagnostics& diagnostics);

}  // namespace weir::proxy
