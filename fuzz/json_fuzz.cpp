// layers: sample config proto base
//
// JSON read by a path: the first line is the path, the rest the document. Nothing is read beyond it, and what comes out
// is text in the arena or a number.
#include <string>
#include <vector>

#include "base/assert.h"
#include "sample/json_path.h"

namespace sample = weir::sample;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const auto path = sample::JsonPath::parse(std::string_view(input).substr(0, line));
  if (!path) return 0;
  const std::vector<char> copy(input.begin() + static_cast<std::ptrdiff_t>(std::min(line + 1, size)), input.end());
  for (const bool integer : {false, true}) {
    sample::Arena arena;
    sample::Sample out;
    if (!path->query({copy.data(), copy.size()}, integer, arena, out)) continue;
    WEIR_ASSERT(out.type() != sample::Type::any && (!integer || out.type() == sample::Type::integer));
    if (out.is_text()) WEIR_ASSERT(arena.copy(out.text()).has_value());
  }
  return 0;
}
