// A weight as a person writes it: "20", or "50%" of what the configuration gave. Manual: management 9.3, set weight.
#pragma once

#include <string_view>

#include "base/result.h"

namespace weir::admin {

/// 0 to 256; a percentage that comes out higher is 256. The error is the answer to give.
Result<unsigned> parse_weight(std::string_view text, unsigned initial);

}  // namespace weir::admin
