// layers: proto base
//
// HTTP heads: a verdict never changes once it is given, and every prefix of a request asks for more.
#include <string>

#include "base/assert.h"
#include "proto/http_head.h"

namespace proto = weir::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const auto whole = proto::look_for_request_head(bytes);
  for (std::size_t cut = 0; cut < size; cut += 1 + size / 64) {
    const auto part = proto::look_for_request_head(std::string_view(bytes).substr(0, cut));
    if (part != proto::HttpHead::need_more) WEIR_ASSERT(part == whole);
  }
  return 0;
}
