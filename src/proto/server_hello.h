// What a TLS server answers first, read from raw bytes: version and session id.
//
// Only what a look in passing needs: that the bytes begin with a complete server hello, and the session id in it. From
// TLS 1.3 on everything behind it is encrypted. Spec: RFC 5246 7.4.1.3, RFC 8446 4.1.3.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proto/client_hello.h"

namespace weir::proto {

struct ServerHello {
  std::uint8_t handshake_type = 0;  // 2
  TlsVersion version = 0;           // 0x0303 for TLS 1.3 too
  std::string_view session_id;
  std::uint16_t cipher = 0;
};

struct ServerHelloParse {
  HelloOutcome outcome = HelloOutcome::need_more;
  ServerHello hello;  // meaningful when complete
};

/// Looks at the first bytes of a server. `scratch` as for parse_client_hello().
[[nodiscard]] ServerHelloParse parse_server_hello(std::string_view bytes, std::span<char> scratch = {});

}  // namespace weir::proto
