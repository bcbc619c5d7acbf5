// The first exchange of PostgreSQL's frontend/backend protocol 3.0: startup message, authentication request or error.
//
// From PostgreSQL's documentation, "Message Formats". No socket, no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proto::pgsql {

std::string startup(std::string_view user);

struct Answer {
  enum class Kind : std::uint8_t { incomplete, malformed, authentication, error } kind = Kind::incomplete;
  std::string_view severity;  // of an error: "FATAL"
  std::string_view message;   // of an error
};

Answer parse_answer(std::string_view bytes);

}  // namespace weir::proto::pgsql
