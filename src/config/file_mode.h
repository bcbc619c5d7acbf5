// The access mode of a Unix socket, as `mode` of a bind line writes it.
#pragma once

#include <cstdint>
#include <optional>

#include "config/arguments.h"

namespace weir::config {

/// An octal file mode such as 660.
std::optional<std::uint32_t> expect_mode(Arguments& args);

}  // namespace weir::config
