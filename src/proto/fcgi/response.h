// A CGI program's answer as an HTTP response: fields, with the status among them, then a body.
//
// It says "Status: 404 Not Found" where HTTP has a status line; without one it is 200, or 302 when it says where to go.
// What belongs to a connection is not the program's to say. Spec: RFC 3875 6.
#pragma once

#include <cstddef>
#include <span>

#include "proto/http/framing.h"
#include "proto/http1/codec.h"

namespace weir::proto::fcgi {

/// Reads the head as http1::parse_response() reads HTTP's: `bytes` is all output so far. A complete head is a response
/// of HTTP/1.1 with its status. Interim answers are a violation, as are codings of a transfer.
[[nodiscard]] http1::HeadResult parse_answer(std::span<char> bytes, std::size_t& scanned,
                                             const http1::HeadOptions& options, http::Head& out);

}  // namespace weir::proto::fcgi
