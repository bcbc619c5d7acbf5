// How long a message's body is and what becomes of the connection after it, once all its fields have agreed.
//
// Two recipients that disagree about this are a smuggling hole, so it is decided once, here, and the head is left in a
// form that leaves nothing to choose: no Content-Length beside chunked, one length, one Transfer-Encoding.
// Spec: RFC 9112 6 and 9.3, 9.6; RFC 9110 8.6, 10.1.
#pragma once

#include <cstdint>

#include "proto/http/head.h"

namespace weir::proto::http {

enum class BodyKind : std::uint8_t {
  none,         // the head is all of it
  length,       // `length` bytes
  chunked,      // HTTP/1 chunks
  until_close,  // a response that ends with its connection
  tunnel,       // 101, or 2xx to CONNECT: no HTTP from here on
};

/// What a message may not be. One table maps them to status codes and words for `show errors`.
enum class Violation : std::uint8_t {
  none,
  bad_method,
  bad_target,
  bad_version,
  bad_status,
  bad_name,    // a byte that is no token, or white space before the colon
  bad_value,   // NUL, CR, LF or a control byte
  bad_line,    // a bare CR, a line that is no field
  bad_length,  // Content-Length that is no number, too large, or two that differ
  bad_coding,  // Transfer-Encoding that does not end in chunked, or in HTTP/1.0, or twice chunked
  bad_host,    // two that differ, a byte no host has, an absolute form that disagrees
  bad_chunk,   // size line or the line end after data
  bad_trailer,
  bad_upgrade,     // a 101 nobody asked for, WebSocket without its key
  unsafe_payload,  // HTTP/1.0 GET, HEAD or DELETE with a body
  unsupported_coding,
  too_many_fields,
  too_large,  // the head does not fit its buffer
  unsupported_version,
};
/// The status a client is answered with: 400, also for what is too large, 413, 501, 505. For responses the proxy
/// answers 502 itself.
[[nodiscard]] std::uint16_t status_of(Violation violation);
[[nodiscard]] const char* violation_text(Violation violation);

struct Framing {
  Violation violation = Violation::none;
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;
  bool keep_alive = false;        // by version and Connection
  bool connection_close = false;  // it said so
  bool upgrade = false;           // Connection: upgrade and an Upgrade field (a request asks, a 101 agrees)
  bool expect_continue = false;   // requests
  bool close_after = false;       // length beside chunked: the message passes, the connection does not stay
};

struct FramingOptions {
  bool accept_unsafe = false;            // option accept-unsafe-violations-in-http-request / -response
  bool payload_with_any_method = false;  // h1-accept-payload-with-any-method
  bool upgrade_asked = false;            // responses: the request's Framing::upgrade; without it a 101 is a violation
};

/// Reads and normalises the framing fields of a request: one length or chunked; Connection says neither close nor
/// keep-alive any more, which is for the writer to add; an Upgrade beside a body is gone; of TE, trailers stay. After
/// CONNECT the kind is none: what follows is the tunnel's, once a server agreed.
[[nodiscard]] Framing frame_request(Head& head, const FramingOptions& options);
/// The same for a response to a request of `method`.
[[nodiscard]] Framing frame_response(Head& head, Method method, const FramingOptions& options);

}  // namespace weir::proto::http
