// An anonymous LDAPv3 bind and its answer: RFC 4511, 4.2, in the BER it is written in (5.1). No socket, no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::proto::ldap {

/// BindRequest, message 1: version 3, no name, simple, no password.
std::string bind_request();

struct BindAnswer {
  enum class Kind : std::uint8_t { incomplete, malformed, complete } kind = Kind::incomplete;
  unsigned result = 0;  // RFC 4511, 4.1.9: 0 is success
};

/// Reads the BindResponse to message 1.
BindAnswer parse_bind_answer(std::string_view bytes);

}  // namespace weir::proto::ldap
