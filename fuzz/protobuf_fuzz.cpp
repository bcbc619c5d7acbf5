// layers: proto base
//
// Protocol Buffers: a value lies in the message, and one found in a shortened message is the one of the whole.
#include <vector>

#include "base/assert.h"
#include "proto/protobuf.h"

namespace protobuf = weir::proto::protobuf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view message(copy.data(), copy.size());
  (void)protobuf::grpc_message(message);
  for (std::uint32_t number = 1; number < 6; ++number) {
    const std::uint32_t path[] = {number, 1};
    for (const std::size_t depth : {std::size_t{1}, std::size_t{2}}) {
      const auto whole = protobuf::find(message, std::span(path, depth));
      if (whole)
        WEIR_ASSERT(whole->raw.empty() ||
                    (whole->raw.data() >= copy.data() && whole->raw.data() + whole->raw.size() <= copy.data() + size));
      for (std::size_t cut = 0; cut < size && depth == 1; ++cut) {
        const auto part = protobuf::find(message.substr(0, cut), std::span(path, depth));
        if (part) WEIR_ASSERT(whole && whole->raw.data() == part->raw.data() && whole->raw.size() == part->raw.size());
      }
    }
  }
  return 0;
}
