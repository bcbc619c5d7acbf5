// layers: proto base
//
// PROXY headers. Every view must lie within the input, cutting a good header anywhere must ask for more, and what the
// writers make of its addresses must read as the same.
#include <array>
#include <vector>

#include "base/assert.h"
#include "proto/proxy_protocol.h"

namespace pp = weir::proto::pp;

static void read_tlvs(std::string_view tlvs, std::string_view bytes) {
  std::size_t position = 0;
  while (const auto tlv = pp::next_tlv(tlvs, position)) {
    WEIR_ASSERT(tlv->value.data() >= bytes.data() &&
                tlv->value.data() + tlv->value.size() <= bytes.data() + bytes.size());
    if (tlv->type == pp::type::ssl) WEIR_ASSERT(pp::well_formed_tlvs(pp::ssl_subtypes(tlv->value)));
  }
  for (unsigned type = 0; type < 256; type++) (void)pp::find_tlv(tlvs, static_cast<std::uint8_t>(type));
}

static void write_again(const pp::Header& header) {
  std::array<char, 512> out;
  if (header.source.is_inet()) {
    const pp::Parse line = pp::parse({out.data(), pp::write_v1(header.source, header.destination, out)});
    WEIR_ASSERT(line.outcome == pp::Outcome::complete && line.header.source == header.source);
  }
  pp::WriterV2 writer(out);
  writer.proxy(header.source, header.destination);
  writer.checksum();
  const pp::Parse block = pp::parse({out.data(), writer.finish()});
  WEIR_ASSERT(block.outcome == pp::Outcome::complete && block.header.destination == header.destination);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);  // an exact allocation: one byte too far is seen
  const std::string_view bytes(copy.data(), copy.size());
  const pp::Parse parsed = pp::parse(bytes, 16384);
  if (parsed.outcome != pp::Outcome::complete) return 0;
  WEIR_ASSERT(parsed.header.size <= bytes.size() && parsed.header.size <= 16384);
  read_tlvs(parsed.header.tlvs, bytes);
  if (parsed.header.addresses) write_again(parsed.header);
  for (std::size_t cut = 0; cut < parsed.header.size; cut += 1 + parsed.header.size / 64) {
    WEIR_ASSERT(pp::parse(bytes.substr(0, cut), 16384).outcome == pp::Outcome::need_more);
  }
  return 0;
}
