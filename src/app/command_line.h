// The command line, as HAProxy's for what exists here. Manual (management): 3, starting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::app {

struct CommandLine {
  std::vector<std::string> files;                 // -f, --
  bool check_only = false;                        // -c
  std::optional<std::string> condition;           // -cc
  bool version = false;                           // -v
  bool features = false;                          // -vv
  bool daemon = false;                            // -D
  bool foreground = false;                        // -db, -d
  bool debug = false;                             // -d
  bool master_worker = false;                     // -W, -Ws
  bool quiet = false;                             // -q
  bool verbose = false;                           // -V
  bool diagnostic = false;                        // -dD
  bool zero_warning = false;                      // -dW
  bool no_splice = false;                         // -dS
  bool no_reuseport = false;                      // -dR
  bool ignore_resolution_failures = false;        // -dr
  bool plan = false;                              // --plan
  bool reference = false;                         // --reference
  bool reference_page = false;                    // --reference=html
  std::optional<std::string> keyword_classes;     // -dK<classes>
  std::string pidfile;                            // -p
  std::optional<std::uint32_t> maxconn;           // -n
  std::optional<std::uint64_t> memory_megabytes;  // -m
  std::string local_peer;                         // -L
  std::optional<std::uint32_t> proxy_maxconn;     // -N
  bool no_server_verify = false;                  // -dV
  bool insecure_fork = false;                     // -dI
  bool libraries = false;                         // -dL
  std::string sockets_from;                       // -x
  std::vector<int> finish;                        // -sf
  std::vector<int> terminate;                     // -st
  std::vector<std::string> notices;               // options without a meaning here, each with its reason
  std::string directory;                          // -C
};

/// The error is what to print before the usage.
Result<CommandLine> parse_command_line(int argc, char** argv);
/// The usage text, ends with a newline.
std::string usage(const char* program);

}  // namespace weir::app
