// layers: sample proto base
//
// Any text as an expression whose shape is read: the look at it ends, and what it tells of is short enough to be shown
// and told of again.
#include <string_view>

#include "base/assert.h"
#include "sample/regex_danger.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool ignore_case = (data[0] & 1) != 0;
  const std::string_view pattern(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto text = weir::sample::endless_text(pattern, ignore_case);
  if (!text) return 0;
  WEIR_ASSERT(!text->empty() && text->size() < 8192);
  WEIR_ASSERT(weir::sample::endless_text(pattern, ignore_case) == text);
  return 0;
}
