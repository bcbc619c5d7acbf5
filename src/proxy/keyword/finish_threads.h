// What lines about threads mean once it is known how many there are: groups, cpu-map, the word `thread` of bind lines.
#pragma once

#include "base/diagnostics.h"
#include "proxy/model.h"

namespace weir::proxy {

void finish_threads(Config& config, Diagnostics& diagnostics);

}  // namespace weir::proxy
