// SMTP replies, as a client reads them: RFC 5321, 4.2. Bytes in, one reply out; no socket, no state.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::proto::smtp {

struct Reply {
  enum class Outcome : std::uint8_t { incomplete, complete, malformed } outcome = Outcome::incomplete;
  int code = 0;           // 200 to 599
  std::string_view text;  // of the last line
};

/// Reads one reply of one or several lines; all lines bear one code, and the last has a space behind it or nothing.
Reply parse_reply(std::string_view bytes);

}  // namespace weir::proto::smtp
