// `option external-check`: a command judges the server by its exit status.
//
// It gets the addresses as arguments and as environment variables, PATH from `external-check path`, and as long as the
// check's timeout allows; then it is ended with all it started. Manual: external-check command.
#pragma once

#include "check/config.h"
#include "check/status.h"
#include "io/task.h"

namespace weir::check {

/// `sessions`: how many the server has now.
io::Task<CheckResult> run_external(const CheckConfig& config, const SocketAddress& server, std::uint32_t sessions);

/// What the command is told; for tests.
std::vector<std::string> external_arguments(const CheckConfig& config, const SocketAddress& server);
std::vector<std::string> external_environment(const CheckConfig& config, const SocketAddress& server,
                                              std::uint32_t sessions);

}  // namespace weir::check
