// Moving bytes between the two sides of a session.
//
// The hot path of TCP mode: for each readable edge one recv into the worker's scratch buffer and one send. A recv that
// does not fill the buffer is taken as drained unless the event announced the end of input. A flow whose reads fill the
// buffer is large: the rest of the burst goes through a pipe with splice(2). What the sink does not take is kept
// (buffer or pipe) and the source is not read until it left: back-pressure. One burst moves 256 kB at most, then
// everybody else has their turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/tcp/session.h"

namespace weir::proxy {

enum class FlowResult : std::uint8_t {
  idle,          // nothing more to do until an event
  source_error,  // recv failed: the source reset the connection
  sink_error,    // send failed: the sink reset it
};

constexpr std::uint64_t kBurst = 256 * 1024;

/// Moves what can be moved. `allow_splice` is the configuration's word.
FlowResult pump(Session& session, Flow& flow, Side& source, Side& sink, bool allow_splice);

/// Sends `head` and the bytes that the flow holds in one write. How much of the head left; nullopt: the sink reset the
/// connection.
std::optional<std::size_t> send_with_head(Session& session, Flow& flow, Side& sink, std::string_view head);

/// Reads into the flow's buffer without sending: inspection, and bytes that arrive before there is a server. Stops at
/// the buffer's end. False: the source reset the connection.
bool fill(Session& session, Flow& flow, Side& source);

/// The sink takes no more: the flow waits until it does.
void block(Session& session, Flow& flow, const Side& sink);

/// Gives buffer and pipe back; bytes they held are lost.
void drop_held_bytes(Session& session, Flow& flow);

}  // namespace weir::proxy
