// Heads as they leave on HTTP/1: the last word on Connection, and one buffer to send.
#pragma once

#include <string_view>

#include "proxy/http/exchange.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

/// What a Connection field says beside close and keep-alive stays (Upgrade, TE): those two are this hop's own.
/// RFC 9110 7.6.1. False: no room for the shorter value.
bool strip_connection_options(proto::http::Head& head, TextStore& texts);

/// Manual, option http-use-proxy-header: where a Proxy-Connection field says something, it decides instead of
/// Connection whether the connection stays.
void heed_proxy_connection(const proto::http::Head& head, proto::http::Framing& framing);
/// The field that says so on our side, with its line end.
[[nodiscard]] std::string_view connection_field(const HttpExchange& exchange, bool keeps);

/// A rule has written "Connection: close".
bool asks_for_close(const proto::http::Head& head);

/// The fields that say where the body ends say what is so, whatever rules have made of them: a body of a length that
/// nobody tells any more goes in chunks, for else the next message would begin where nobody expects it.
void settle_framing_fields(proto::http::Head& head, BodyState& body, TextStore& texts);

/// The head in the worker's scratch buffer, with `last_line` (a field with its line end, or nothing) as its last field.
/// Empty when it does not fit.
std::string_view write_http1_head(Session& session, const proto::http::Head& head, std::string_view last_line);

}  // namespace weir::proxy
