// Telling of regular expressions that take forever on some texts: sample/regex_danger.h.
#pragma once

#include "base/diagnostics.h"

namespace weir::proxy {

/// Of those compiled since the last call, while this configuration is read.
void warn_of_endless(SourcePosition at, Diagnostics& diagnostics);

}  // namespace weir::proxy
