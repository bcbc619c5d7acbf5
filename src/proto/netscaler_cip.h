// NetScaler Client IP insertion: the IP and TCP headers of the client's own packet, sent before the first byte.
//
// Two forms exist. Both begin with a number that sender and receiver agreed on and a length; the older one goes on with
// the packet's headers, the newer one (NetScaler 10.5) with a type and a second length first, which is the one that
// counts. They cannot be confused: an IP header begins with 0x4_ or 0x6_, a type with 0. Like parse() of the PROXY
// protocol it knows all, asks for more or refuses. Spec: "How to enable Client IP in TCP/IP option of NetScaler" and
// the description of the insertion protocol that is published beside HAProxy's manual.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/address.h"

namespace weir::proto {

enum class CipOutcome : std::uint8_t { need_more, complete, bad_magic, bad_protocol, too_long };

struct CipParse {
  CipOutcome outcome = CipOutcome::need_more;
  SocketAddress source;
  SocketAddress destination;
  std::size_t size = 0;
};

[[nodiscard]] CipParse parse_netscaler_cip(std::string_view bytes, std::uint32_t magic, std::size_t most);

}  // namespace weir::proto
