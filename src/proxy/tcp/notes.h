// What rules noted about a session beyond deciding it: facts that most sessions do not have.
//
// Made when the first rule notes something, so that a session without such rules pays one pointer for all of them.
// Manual: set-src, set-dst, capture, set-priority-class, set-log-level, set-bc-mark, set-bc-tos, set-retries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace weir::proxy {

struct SessionNotes {
  std::optional<SocketAddress> real_client;  // before set-src
  std::optional<SocketAddress> real_local;   // before set-dst
  // Queue order. The class decides first, the smaller the sooner; the offset is milliseconds on the time of arrival.
  std::int32_t priority_class = 0;
  std::int32_t priority_offset = 0;
  std::optional<std::uint32_t> server_mark;                  // set-bc-mark
  std::optional<std::uint8_t> server_tos;                    // set-bc-tos
  std::optional<std::uint8_t> log_level;                     // set-log-level; kSilent: no line
  std::optional<std::uint8_t> retries;                       // set-retries
  using Captures = std::vector<std::optional<std::string>>;  // by slot of the frontend's captures
  Captures request_captures;
  Captures response_captures;

  static void keep(Captures& slots, std::size_t slot, std::string_view text) {
    if (slots.size() <= slot) slots.resize(slot + 1);
    slots[slot] = text;
  }
};

constexpr std::uint8_t kSilent = 8;
constexpr std::size_t kMostCaptures = 64;  // of one frontend and direction

}  // namespace weir::proxy
