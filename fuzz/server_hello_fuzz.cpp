// layers: proto base
//
// TLS server hellos: the session id must lie within the input or the scratch, and a complete hello stays complete when
// more bytes follow it.
#include <array>
#include <string>

#include "base/assert.h"
#include "proto/server_hello.h"

namespace proto = weir::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  std::array<char, 4096> scratch;
  const auto parse = proto::parse_server_hello(bytes, scratch);
  if (parse.outcome != proto::HelloOutcome::complete) return 0;
  WEIR_ASSERT(parse.hello.handshake_type == 2 && parse.hello.session_id.size() <= 32);
  std::array<char, 4096> other;
  WEIR_ASSERT(proto::parse_server_hello(bytes + "more", other).outcome == proto::HelloOutcome::complete);
  return 0;
}
