// Runs a tcp-check ruleset over one Exchange.
#pragma once

#include "check/exchange.h"

namespace weir::check {

/// Step by step until one fails or all have passed.
io::Task<CheckResult> run_script(Exchange& exchange, const CheckConfig& config, const SocketAddress& server);

}  // namespace weir::check
