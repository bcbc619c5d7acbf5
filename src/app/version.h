// How weir names itself: to people, to scripts that ask HAProxy's questions, to `.if version_atleast()`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/condition.h"

namespace weir::app {

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kCompatibleVersion = "3.5";          // the language's version: version_atleast()
inline constexpr std::string_view kReportedVersion = "3.5-weir0.1.0";  // `show info`, `show version`

/// Features as `-vv` and `.if feature()` know them.
std::span<const config::Feature> features();
/// The text of -v, and of -vv.
std::string version_text(bool with_features);

}  // namespace weir::app
