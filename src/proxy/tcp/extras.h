// What only few sessions have, behind one pointer: an idle session stays small.
//
// Allocated by extras() when a header, a filter or a unique id first needs it; dies with the session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

/// Why a connection failed before it was a session; the numbers are those of fc_err. Manual: fc_err_str.
enum class ClientError : std::uint8_t {
  none = 0,
  proxy_empty = 11,
  proxy_abort = 12,
  proxy_timeout = 13,
  proxy_truncated = 14,
  proxy_not_header = 15,
  proxy_bad_header = 16,
  proxy_bad_protocol = 17,
  netscaler_empty = 18,
  netscaler_abort = 19,
  netscaler_timeout = 20,
  netscaler_truncated = 21,
  netscaler_bad_magic = 22,
  netscaler_bad_protocol = 23,
};

struct SessionExtras {
  // Of the header that the client's connection began with.
  bool expects_proxy = false;
  bool has_proxy_header = false;  // a PROXY header was read
  std::optional<std::uint32_t> netscaler_magic;
  ClientError error = ClientError::none;
  SocketAddress original_client;  // of the connection itself; family none: facts.client is that
  SocketAddress original_local;
  std::string tlvs;  // as received
  // Of the header towards the server: what could not be sent yet.
  std::string server_header;
  std::optional<std::string> unique_id;  // made once, when first asked for
};

/// Those of the session, made now if it has none.
SessionExtras& extras(Session& session);

}  // namespace weir::proxy
