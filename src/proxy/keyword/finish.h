// The second pass: what can only be said when all sections are known.
//
// References are looked up, numbers that depend on others are computed, names of servers are resolved, formats and
// checks are compiled, and every part gets its signature. Goes on after an error, so that one run names every problem.
// A pass over each list with hashed names: 20,000 backends take a fraction of a second. Manual: 4, 5, 8.2.
#pragma once

#include "proxy/model.h"
#include "sample/registry.h"

namespace weir::proxy {

struct FinishOptions {
  bool after_errors = false;                // lines are missing: warnings about what nobody wrote would be noise
  bool no_server_verify = false;            // -dV
  bool ignore_resolution_failures = false;  // -dr: a server whose name is unknown starts without an address
};

/// The formats behind `option tcplog` and `option tcplog clf`, also for the predefined variables.
extern const std::string_view kTcpLogFormat;
extern const std::string_view kTcpClfLogFormat;
extern const std::string_view kHttpLogFormat;
extern const std::string_view kHttpClfLogFormat;
extern const std::string_view kTcpJsonLogFormat;
extern const std::string_view kHttpJsonLogFormat;

/// The signature again, after servers came or went.
void sign_parts(ProxyConfig& proxy);

/// False after errors in `diagnostics`.
bool finish_config(Config& config, const sample::Registry& registry, const FinishOptions& options,
                   Diagnostics& diagnostics);

}  // namespace weir::proxy
