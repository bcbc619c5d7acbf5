// The parts of a request's target that rules read and set: path, path and query, query, all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/exchange.h"

namespace weir::proxy {

enum class TargetPart : std::uint8_t { path, pathq, query, uri };

/// Nothing when the target has no such part ("*", CONNECT's).
[[nodiscard]] std::optional<std::string_view> target_part(const HttpExchange& exchange, TargetPart part);
/// The new target is written anew; what surrounds the part stays. False: it does not fit, or would not be a target
/// (white space, control bytes, none at all).
bool set_target_part(HttpExchange& exchange, TargetPart part, std::string_view text);

}  // namespace weir::proxy
