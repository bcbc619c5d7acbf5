// Context: everything an evaluation may look at, filled by whoever has it (a rule in proxy/, a check, the log).
//
// Facts says which parts are there. A fetch row names the facts it needs, so that an expression in a place that lacks
// them is refused when the configuration is read; at run time a missing part merely makes the fetch absent.
// The context lives on the caller's stack for one evaluation and owns nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"
#include "proto/client_hello.h"
#include "proto/http/head.h"
#include "proto/rdp.h"
#include "sample/arena.h"

namespace weir::proxy {
struct Session;
}

namespace weir::sample {

class Variables;
class ProcessVariables;
class Trace;

/// Parts of a context, as bits.
enum class Facts : std::uint16_t {
  none = 0,
  client = 1 << 0,          // Context::client
  server = 1 << 1,          // Context::server
  request_bytes = 1 << 2,   // raw bytes of the client, before they are forwarded
  response_bytes = 1 << 3,  // raw bytes of the server
  http_request = 1 << 4,
  http_response = 1 << 5,
  session = 1 << 6,  // Context::session
  everything = 0x7f,
};
constexpr Facts operator|(Facts a, Facts b) {
  return static_cast<Facts>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Facts operator&(Facts a, Facts b) {
  return static_cast<Facts>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool covers(Facts have, Facts need) { return (have & need) == need; }  // none is always covered
/// The bits of `need` that `have` lacks. Where there are raw bytes an HTTP message may be read from them (manual 7.3.6:
/// "tcp-request content" rules of a TCP proxy).
constexpr Facts lacking(Facts have, Facts need) {
  if (covers(have, Facts::request_bytes)) have = have | Facts::http_request;
  if (covers(have, Facts::response_bytes)) have = have | Facts::http_response;
  return static_cast<Facts>(static_cast<unsigned>(need) & ~static_cast<unsigned>(have));
}
/// "the client's bytes", for messages; names the lowest bit.
[[nodiscard]] std::string_view facts_name(Facts facts);
/// Where they are to be had: "http-request rules have it, ...".
[[nodiscard]] std::string facts_place(Facts facts);

/// One side's connection. For the client: source is the client, destination our address; for the server: source is our
/// address, destination the server.
struct ConnectionFacts {
  const SocketAddress* source = nullptr;
  const SocketAddress* destination = nullptr;
  const SocketAddress* own_source = nullptr;       // client: of the connection itself; null: the same
  const SocketAddress* own_destination = nullptr;  // when a header or a rule has changed them
  bool proxy_header = false;                       // client: the connection began with one
  std::string_view tlvs;                           // and these stood in it, well-formed
  WallTime accepted{};                             // accept or connect time
  // What the connection belongs to. Client: the listener and frontend; server: the server and backend.
  std::string_view endpoint_name;  // so_name, srv_name
  std::int64_t endpoint_id = 0;    // so_id, srv_id
  std::string_view proxy_name;     // fe_name, be_name
  std::int64_t proxy_id = 0;       // fe_id, be_id
};

/// Bytes read and not yet forwarded.
struct Payload {
  std::string_view bytes;
  bool closed = false;  // nothing more can be seen: the peer is done sending or the buffer is full
};

/// What fetches have read from the client's bytes: twenty rules look at one request, which is parsed once. Good as long
/// as the bytes are the same ones. A hello that was joined in the arena is not kept: rules rewind the arena.
struct ParsedRequest {
  std::string_view bytes;
  std::optional<proto::rdp::RequestParse> rdp;
  std::optional<proto::ClientHelloParse> hello;
  std::optional<std::string_view> server_name;  // of `hello`; empty when it has none

  /// Forgets all when `now` are other bytes than those read.
  void look_at(std::string_view now) {
    if (now.data() == bytes.data() && now.size() == bytes.size()) return;
    bytes = now;
    rdp.reset();
    hello.reset();
    server_name.reset();
  }
};

/// A message whose head is complete.
struct HttpMessage {
  const proto::http::Head* head = nullptr;
  std::string_view body;       // without its framing, as far as it is buffered
  bool body_complete = false;  // and that is all of it, or all that will be
};

/// Where an ACL stands that looks at one value after the other, all those of a field, say: the fetch begins there,
/// moves on, and says whether it is worth asking again. What the two numbers mean is the fetch's own affair.
struct Occurrences {
  std::size_t item = 0;
  std::size_t offset = 0;
  bool more = false;
  // A message that had to be read from raw bytes is read for the first value only: 16 kB may hold as many values.
  HttpMessage message{};
  std::size_t mark = 0;  // of the arena, behind that message: what is taken later is forgotten between the values

  void go_on(std::size_t next_item, std::size_t next_offset) {
    item = next_item;
    offset = next_offset;
    more = true;
  }
};

struct Context {
  Arena& arena;
  const ConnectionFacts* client = nullptr;
  const ConnectionFacts* server = nullptr;
  const Payload* request = nullptr;
  const Payload* response = nullptr;
  const HttpMessage* http_request = nullptr;
  const HttpMessage* http_response = nullptr;
  WallTime wall_now{};
  TimePoint now{};
  proxy::Session* session = nullptr;                // for rows that live in higher layers
  const void* facts = nullptr;                      // of the log aliases, whatever their layer agreed on
  std::unique_ptr<Variables>* variables = nullptr;  // of the session or check; made when the first one is set
  ProcessVariables* process_variables = nullptr;
  Trace* trace = nullptr;       // somebody wants to read how values come about
  Occurrences* each = nullptr;  // set while an ACL asks a fetch that has Fetch::each
  bool final = false;           // the inspection delay is over: what is undetermined now is decided as absent
  bool in_response = false;     // payload() means the response's
  bool may_pause = false;       // an action may ask to be asked again although conditions are decided
  ParsedRequest parsed{};
};

}  // namespace weir::sample
