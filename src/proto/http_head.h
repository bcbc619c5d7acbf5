// Whether bytes begin with an HTTP/1 request: a verdict, no message.
//
// For TCP mode, where a rule asks "is this HTTP?" and nothing of the request is used. The head is walked once: request
// line, fields, the empty line. As strict as a parser whose verdict others rely on must be: no NUL or bare CR, no space
// before a field's colon, one Content-Length, a Host that agrees with an absolute target. Bare LF ends a line, folded
// fields and empty lines before the request are taken, as servers do. Spec: RFC 9112 2.2, 3, 5, 6; RFC 9110 7.2 (Host).
// Not proto/http1, which reads requests that are served: that one refuses what is HTTP nevertheless, HTTP/0.9, RTSP,
// HTTP/2's preface and control bytes in values (COMPAT: 2.6 says yes to them), writes over folded lines and needs a
// table of fields; and with accept_unsafe it takes what is none, NUL in a value and a Host that disagrees.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::proto {

enum class HttpHead : std::uint8_t {
  need_more,  // a prefix of a request head
  not_http,   // no further byte can make it one
  complete,
};

/// Looks at the first bytes of a client.
[[nodiscard]] HttpHead look_for_request_head(std::string_view bytes);

}  // namespace weir::proto
