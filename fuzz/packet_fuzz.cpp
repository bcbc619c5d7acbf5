// layers: proto base
//
// Captured packets: every part lies in the packet, and walking the options ends.
#include <vector>

#include "base/assert.h"
#include "proto/packet.h"

namespace packet = weir::proto::packet;

static bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view bytes(copy.data(), copy.size());
  if (const auto frame = packet::parse_ethernet(bytes)) WEIR_ASSERT(frame->header.size() + frame->data.size() == size);
  if (const auto ip = packet::parse_ip(bytes)) {
    WEIR_ASSERT(ip->header.size() + ip->data.size() == size && inside(ip->source, ip->header));
    WEIR_ASSERT(inside(ip->destination, ip->header) && ip->source.size() == ip->destination.size());
  }
  if (const auto tcp = packet::parse_tcp(bytes)) {
    WEIR_ASSERT(inside(tcp->options, bytes) && inside(tcp->data, bytes));
    std::size_t position = 0;
    std::size_t before = 0;
    while (const auto option = packet::next_option(tcp->options, position)) {
      WEIR_ASSERT(position > before && inside(option->value, tcp->options));
      before = position;
    }
  }
  return 0;
}
