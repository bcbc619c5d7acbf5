// A regular expression's replacement: \0 to \9 become the groups of a match.
#pragma once

#include <string>
#include <string_view>

#include "sample/pattern.h"

namespace weir::proxy {

/// Appends `replacement`, filled in from the match in `subject`, to `out`. False when it grows beyond `most` bytes.
bool append_replacement(std::string& out, std::string_view subject, std::string_view replacement,
                        const sample::Regex::Groups& groups, std::size_t most);

}  // namespace weir::proxy
