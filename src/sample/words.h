// A word of a configuration line as this layer reads it: quotes resolved, with the place where it stands.
#pragma once

#include <string_view>

#include "base/diagnostics.h"

namespace weir::sample {

struct Word {
  std::string_view text;
  SourcePosition at{};
};

}  // namespace weir::sample
