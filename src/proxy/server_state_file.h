// A file of server states: what `show servers state` printed in a former process, as text and as values.
//
// One line a server, words by position; the first line is the version, 1. A line that is not whole is named and left
// out, so that one bad line costs one server's memory of itself. Pure: no file is opened here. Manual: (management)
// show servers state; load-server-state-from-file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "check/health.h"
#include "check/status.h"

namespace weir::proxy {

struct SavedServer {
  std::string address;  // "-": it had none
  check::State state = check::State::running;
  unsigned admin = 0;  // flags of check::Admin
  unsigned weight = 1;
  unsigned configured_weight = 1;
  std::chrono::seconds since_change{0};
  check::Status check_status = check::Status::ini;
  unsigned check_counter = 0;
  bool checks_configured = false;
  bool checks_enabled = false;
  std::string fqdn;
  std::uint16_t port = 0;
};

struct SavedStates {
  std::unordered_map<std::string, SavedServer> servers;  // by "backend/server"
  std::vector<std::string> problems;                     // sentences for a person
};

/// `name` is how messages call the file.
SavedStates parse_server_states(std::string_view text, std::string_view name);

}  // namespace weir::proxy
