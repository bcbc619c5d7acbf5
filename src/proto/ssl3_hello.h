// A client hello of SSL 3.0 (RFC 6101, 5.6.1.2), written by hand: a question that any server of SSL or TLS answers with
// a record of its own, a hello or an alert. No socket, no state, no library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proto::ssl3 {

/// `unix_time` begins the hello's random bytes.
std::string client_hello(std::uint32_t unix_time);

enum class Answer : std::uint8_t { incomplete, record, other };
/// Whether the answer begins with a record of a handshake or an alert.
Answer judge_answer(std::string_view bytes);

}  // namespace weir::proto::ssl3
