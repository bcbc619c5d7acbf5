// Keeping what broke HTTP/1's grammar, so that a person can look at it (`show errors`).
#pragma once

#include <string_view>

#include "proto/http/framing.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

/// `at` is where in `message` the fault is. Copies it.
void keep_broken_request(Session& session, std::string_view message, std::size_t at, proto::http::Violation why);
void keep_broken_response(Session& session, std::string_view message, std::size_t at, proto::http::Violation why);
/// The framing of a body: what the reader stopped at is still in the buffer.
void keep_broken_request_body(Session& session);
void keep_broken_response_body(Session& session);

/// Where the value begins of the last field that says how long the message is, counted from `message`; its size when
/// none does.
[[nodiscard]] std::size_t place_of_framing(const proto::http::Head& head, std::string_view message);

}  // namespace weir::proxy
