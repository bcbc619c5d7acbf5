// Which requests and answers are compressed. Manual 4.2 (compression), 9.2.
#pragma once

#include "proxy/http/exchange.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {

/// The request is about to leave: what its client takes is noted, `offload` hides that from the server, and its own
/// body is compressed if that is wanted. Once for a request; another attempt begins its body anew, false when it
/// cannot.
bool compress_request(Session& session);

/// The answer's head is there and no rule has seen it: whether it will be compressed.
void compress_response(Session& session);
/// The rules have seen it and may have made that impossible.
void reconsider_coding(Session& session);
/// The head says so, behind what it says of its framing.
void tell_coding(Session& session);

/// For a body on its way: less effort while the process does what it may, more when it does not.
void adapt_level(Session& session, proto::coding::Encoder& encoder);
void count_encoded(Session& session, const Flow& flow, proto::coding::Coding coding, std::size_t in, std::size_t out);

}  // namespace weir::proxy
