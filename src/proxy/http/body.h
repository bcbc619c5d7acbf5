// A message's body, and its head before it, from one socket to the other.
//
// Length and close-delimited bodies pass as they are, large ones through a pipe (splice(2)). Chunked ones lose their
// framing as they come in and get one chunk per burst as they leave: extensions and odd sizes of one side are never
// shown to the other. What a socket will not take stays in the flow's buffer; only the little that is not there (a
// head, chunk framing) is kept aside. Spec: RFC 9112 6, 7.
#pragma once

#include <string_view>

#include "proxy/http/exchange.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

enum class Moved : std::uint8_t {
  idle,  // all that can be done now is done
  over,  // the last byte has left
  source_error,
  truncated,  // the source ended before its message did
  sink_error,
  bad,  // the source broke the framing
};

/// `head` leaves first, with the body's first bytes; empty when it has left already.
Moved move_body(Session& session, Flow& flow, BodyState& body, Side& source, Side& sink, std::string_view head,
                bool allow_splice);

/// The same for a body that has a filter: filtered_body.cpp.
Moved move_filtered_body(Session& session, Flow& flow, BodyState& body, Side& source, Side& sink,
                         std::string_view head);

/// Reads what is there and takes chunk framing off, without sending: for rules that look at the body. False: the
/// source failed or broke the framing.
bool buffer_body(Session& session, Flow& flow, BodyState& body, Side& source);
/// Takes chunk framing off what is there. False: it is broken.
bool decode_held(Flow& flow, BodyState& body);
/// The bytes that buffer_body() has gathered.
[[nodiscard]] std::string_view buffered_body(const Flow& flow, const BodyState& body);

/// Only what was kept aside: interim answers that could not leave at once.
Moved flush_unsent(Session& session, Flow& flow, BodyState& body, Side& sink);

/// Drops what of the body is in the buffer; true when that was all that was missing of it.
bool discard_body(Flow& flow, BodyState& body);

}  // namespace weir::proxy
