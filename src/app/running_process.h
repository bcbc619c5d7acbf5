// Asking the weir that runs what it would make of these files: `weir -c -f new.cfg --plan`.
#pragma once

#include <string>
#include <vector>

#include "proxy/model.h"

namespace weir::app {

/// Through the first `stats socket` of `config` that is a Unix path or an address. The answer to print; when nobody
/// answers it says so and that everything would be new.
std::string ask_running_process(const proxy::Config& config, const std::vector<std::string>& files);

}  // namespace weir::app
