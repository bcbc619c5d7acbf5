#include "sample/map_output.h"

#include <charconv>

namespace weir::sample {

std::optional<Sample> parse_output(std::string_view text, MapOutput output) {
  if (output == MapOutput::text || output == MapOutput::key) return Sample::string(text);
  if (output == MapOutput::integer) {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return Sample::integer(number);
  }
  return parse_address(text);
}

}  // namespace weir::sample
