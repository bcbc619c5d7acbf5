// Persistence by a cookie: which server a client's cookie names, and what the answer says about it.
// Manual 4.2, cookie; 5.2, cookie; 8.5, the last two letters.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/http/settings.h"
#include "proxy/state.h"

namespace weir::proxy {

struct Session;

/// The server that the request's cookie names, up or not; null: none does, or the cookie is too old. Says what it found
/// in the exchange (cookie_in), and takes the cookie out of the request, or its prefix off, where the mode says so.
std::shared_ptr<ServerState> server_of_cookie(Session& session);
/// Before the answer leaves: sets, rewrites or removes the cookie.
void write_server_cookie(Session& session);
/// `dynamic`: the value for a server's address under a key; empty for what has no IP address.
[[nodiscard]] std::string dynamic_cookie(std::string_view key, const SocketAddress& address);

}  // namespace weir::proxy
