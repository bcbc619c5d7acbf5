// layers: proto base
//
// NetScaler Client IP headers: nothing outside of the input is read, and cutting a good one anywhere asks for more.
#include <vector>

#include "base/assert.h"
#include "proto/netscaler_cip.h"

namespace proto = weir::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view bytes(copy.data(), copy.size());
  constexpr std::uint32_t kMagic = 0x12345678;
  const proto::CipParse parsed = proto::parse_netscaler_cip(bytes, kMagic, 16384);
  if (parsed.outcome != proto::CipOutcome::complete) return 0;
  WEIR_ASSERT(parsed.size <= bytes.size());
  WEIR_ASSERT(parsed.source.is_inet() && parsed.destination.is_inet());
  for (std::size_t cut = 0; cut < parsed.size; cut += 1 + parsed.size / 64) {
    WEIR_ASSERT(proto::parse_netscaler_cip(bytes.substr(0, cut), kMagic, 16384).outcome ==
                proto::CipOutcome::need_more);
  }
  return 0;
}
