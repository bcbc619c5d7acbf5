// layers: proto base
//
// FIX messages: a verdict never changes once it is given, and values lie within the input.
#include <string>

#include "base/assert.h"
#include "proto/fix.h"

namespace fix = weir::proto::fix;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const fix::Validity whole = fix::check_message(bytes);
  for (std::size_t cut = 0; cut < size; cut += 1 + size / 64) {
    const fix::Validity part = fix::check_message(std::string_view(bytes).substr(0, cut));
    if (part != fix::Validity::need_more) WEIR_ASSERT(part == whole);
  }
  if (whole == fix::Validity::valid) WEIR_ASSERT(fix::field_value(bytes, 35) && fix::field_value(bytes, 10));
  return 0;
}
