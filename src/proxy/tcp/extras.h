// What only few sessions have, behind one pointer: an idle session stays small.
//
// Allocated by extras() when a header, a rule, a filter or a unique id first needs it; dies with the session.
// Manual: accept-proxy, set-src, set-dst, capture, set-priority-class, set-log-level, set-bc-mark, set-bc-tos,
// set-retries, filter bwlim-*, unique-id-format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "proxy/explain.h"
#include "proxy/tcp/bandwidth.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

struct SessionExtras {
  // Of the header that the client's connection began with.
  bool expects_proxy = false;
  bool has_proxy_header = false;  // a PROXY header was read
  std::optional<std::uint32_t> netscaler_magic;
  std::string tlvs;  // as received
  TimePoint handshake_finished{};
  // The connection's own addresses, before a header or set-src and set-dst put others into the facts.
  std::optional<SocketAddress> own_client;
  std::optional<SocketAddress> own_local;
  // What rules said. In queues the class decides first, the smaller the sooner; the offset is milliseconds on the time
  // of arrival.
  std::int16_t priority_class = 0;
  std::int32_t priority_offset = 0;
  std::optional<std::uint32_t> server_mark;                  // set-bc-mark
  std::optional<std::uint8_t> server_tos;                    // set-bc-tos
  std::optional<std::uint8_t> log_level;                     // set-log-level; kSilent: no line
  std::optional<std::uint8_t> retries;                       // set-retries
  using Captures = std::vector<std::optional<std::string>>;  // by slot of the frontend's captures
  Captures request_captures;
  Captures response_captures;
  std::shared_ptr<ServerState> last_server;   // option prefer-last-server: who served the request before
  std::optional<std::string> request_cookie;  // capture cookie
  std::optional<std::string> response_cookie;
  // Of the header towards the server: what could not be sent yet.
  std::string server_header;
  std::unique_ptr<BandwidthLimits> bandwidth;
  std::optional<std::string> unique_id;  // made once, when first asked for

  std::unique_ptr<Explanation> explanation;                  // somebody wants to read how it fares
  std::optional<SocketAddress> client_before, local_before;  // HTTP: as they were before a request's rules

  /// HTTP: what belonged to one request of the connection.
  void forget_request() {
    priority_class = 0;
    priority_offset = 0;
    log_level.reset();
    retries.reset();
    request_captures.clear();
    response_captures.clear();
    request_cookie.reset();
    response_cookie.reset();
    bandwidth.reset();
    unique_id.reset();
  }

  static void keep(Captures& slots, std::size_t slot, std::string_view text) {
    if (slots.size() <= slot) slots.resize(slot + 1);
    slots[slot] = text;
  }
};

constexpr std::uint8_t kSilent = 8;
constexpr std::size_t kMostCaptures = 64;  // of one frontend and direction

/// Those of the session, made now if it has none.
SessionExtras& extras(Session& session);

}  // namespace weir::proxy
