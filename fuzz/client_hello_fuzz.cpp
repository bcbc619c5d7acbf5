// layers: proto base
//
// TLS client hellos. Every view must lie within the input or the scratch, and cutting a hello anywhere must ask for
// more.
#include <array>
#include <vector>

#include "base/assert.h"
#include "proto/client_hello.h"

namespace proto = weir::proto;

static bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

static void read_all(const proto::ClientHello& hello, std::string_view bytes, std::string_view scratch) {
  for (const std::string_view part :
       {hello.random, hello.session_id, hello.ciphers, hello.compression_methods, hello.extensions, hello.server_name(),
        hello.supported_groups(), hello.signature_algorithms(), hello.supported_versions(), hello.key_shares(),
        hello.alpn_list(), hello.first_alpn()}) {
    WEIR_ASSERT(inside(part, bytes) || inside(part, scratch));
  }
  WEIR_ASSERT(hello.consumed <= bytes.size());
  std::size_t position = 0;
  while (proto::next_alpn(hello.alpn_list(), position)) {
  }
  position = 0;
  while (proto::next_key_share_group(hello.key_shares(), position)) {
  }
  (void)hello.session_ticket_state();
  (void)hello.highest_version();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view bytes(copy.data(), copy.size());
  std::array<char, 4096> scratch;
  const auto parse = proto::parse_client_hello(bytes, scratch);
  if (parse.outcome != proto::HelloOutcome::complete) return 0;
  read_all(parse.hello, bytes, {scratch.data(), scratch.size()});
  std::array<char, 4096> other;
  for (std::size_t cut = 0; cut < parse.hello.consumed; cut += 1 + parse.hello.consumed / 64) {
    WEIR_ASSERT(proto::parse_client_hello(bytes.substr(0, cut), other).outcome == proto::HelloOutcome::need_more);
  }
  return 0;
}
