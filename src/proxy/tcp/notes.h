// What rules noted about a session beyond deciding it: facts that most sessions do not have.
//
// Made when the first rule notes something, so that a session without such rules pays one pointer for all of them.
// Manual: set-src, set-dst, capture, set-priority-class, set-log-level, set-bc-mark, set-bc-tos, set-retries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"

namespace weir::proxy {

struct SessionNotes {
  std::optional<SocketAddress> real_client;  // before set-src
  std::optional<SocketAddress> real_local;   // before set-dst
  // Queue order. The class decides first, the smaller the sooner; the offset is milliseconds on the time of arrival.
  std::int32_t priority_class = 0;
  std::int32_t priority_offset = 0;
  std::optional<std::uint32_t> server_mark;   // set-bc-mark
  std::optional<std::uint8_t> server_tos;     // set-bc-tos
  std::optional<std::uint8_t> log_level;      // set-log-level; above 7: silent
  std::vector<std::string> request_captures;  // by slot of the frontend's captures; empty: none
  std::vector<std::string> response_captures;
};

constexpr std::uint8_t kSilent = 8;

}  // namespace weir::proxy
