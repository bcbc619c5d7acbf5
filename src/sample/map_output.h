// What stands behind a key of a map, as the type that a converter gives. Manual 7.3.1, map.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sample/value.h"

namespace weir::sample {

enum class MapOutput : std::uint8_t { text, integer, address, key };
/// What a value, or a default, is as that output; it borrows. nullopt: it is none.
[[nodiscard]] std::optional<Sample> parse_output(std::string_view text, MapOutput output);

}  // namespace weir::sample
