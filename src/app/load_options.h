// What a configuration is read with: the tables of words, the environment, and what the command line said.
#pragma once

#include "app/command_line.h"
#include "proxy/keyword/load.h"

namespace weir::app {

[[nodiscard]] proxy::LoadOptions load_options(const CommandLine& line);
[[nodiscard]] std::string host_name();

}  // namespace weir::app
