// layers: update
//
// Files that may be kept copies of lists: what is taken for one is written as it was read.
#include <string_view>

#include "base/assert.h"
#include "update/copy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto copy = weir::update::parse_copy(text);
  if (!copy) return 0;
  const auto again = weir::update::parse_copy(weir::update::write_copy(*copy, "virt@a"));
  WEIR_ASSERT(again && *again == *copy);
  return 0;
}
