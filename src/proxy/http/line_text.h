// The text of a format for a head: a field's value, a location, a part of the target.
#pragma once

#include <optional>
#include <string_view>

#include "sample/log_format.h"

namespace weir::proxy {

struct Session;

/// Kept in the exchange's texts. CR, LF and NUL, which converters may bring, become blanks: nothing that a client sends
/// begins a line of its own in a head. nullopt: no room.
std::optional<std::string_view> line_text(Session& session, const sample::LogFormat& format, sample::Context& context);
/// The same as it is, for a body.
std::optional<std::string_view> body_text(Session& session, const sample::LogFormat& format, sample::Context& context);

}  // namespace weir::proxy
