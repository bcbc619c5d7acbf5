// What is loaded: the program and its shared libraries, as `-dL` lists them. Manual: management 3.
#pragma once

#include <string>

namespace weir::app {

/// One path a line, the program first.
std::string loaded_libraries();

}  // namespace weir::app
