#include "proto/server_hello.h"

#include "proto/byte_reader.h"
#include "proto/tls_records.h"

namespace weir::proto {
namespace {

constexpr std::uint8_t kServerHelloType = 2;

}  // namespace

ServerHelloParse parse_server_hello(std::string_view bytes, std::span<char> scratch) {
  const HandshakeMessage joined = join_handshake(bytes, kServerHelloType, kMaxClientHello, scratch);
  if (joined.outcome == HandshakeJoin::need_more) return {};
  ServerHelloParse parse{.outcome = HelloOutcome::not_tls, .hello = {}};
  if (joined.outcome == HandshakeJoin::bad) return parse;
  ByteReader reader(joined.message);
  ServerHello& hello = parse.hello;
  hello.handshake_type = reader.u8();
  reader.take(3);
  hello.version = reader.u16();
  reader.take(32);
  hello.session_id = reader.take(reader.u8());
  hello.cipher = reader.u16();
  reader.u8();  // the compression method
  if (reader.failed() || hello.version >> 8 != 3 || hello.session_id.size() > 32) return parse;
  if (!reader.empty()) {
    reader.take(reader.u16());
    if (reader.failed()) return parse;
  }
  parse.outcome = HelloOutcome::complete;
  return parse;
}

}  // namespace weir::proto
