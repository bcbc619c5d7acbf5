// What only few sessions have, behind one pointer: an idle session stays small.
//
// Allocated by extras() when a header, a filter or a unique id first needs it; dies with the session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "proxy/tcp/bandwidth.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

struct SessionExtras {
  // Of the header that the client's connection began with.
  bool expects_proxy = false;
  bool has_proxy_header = false;  // a PROXY header was read
  std::optional<std::uint32_t> netscaler_magic;
  SocketAddress original_client;  // of the connection itself; family none: facts.client is that
  SocketAddress original_local;
  std::string tlvs;  // as received
  TimePoint handshake_finished{};
  // Of the header towards the server: what could not be sent yet.
  std::string server_header;
  std::unique_ptr<BandwidthLimits> bandwidth;
  std::optional<std::string> unique_id;  // made once, when first asked for
};

/// Those of the session, made now if it has none.
SessionExtras& extras(Session& session);

}  // namespace weir::proxy
