// Runs a tcp-check ruleset over one Exchange.
#pragma once

#include "check/exchange.h"
#include "sample/variable.h"

namespace weir::check {

/// Step by step until one fails or all have passed. `variables` are the process's, if it has any.
io::Task<CheckResult> run_script(Exchange& exchange, const CheckConfig& config, const SocketAddress& server,
                                 sample::ProcessVariables* variables = nullptr);

}  // namespace weir::check
