// The weight of a server, as `set weight` and `set server ... weight` both change it.
#pragma once

#include <string_view>

#include "admin/command.h"
#include "admin/lookup.h"

namespace weir::admin {

/// Answers with what is wrong with the words, or nothing.
void change_weight(Call& call, const NamedServer& named, std::string_view wanted);

}  // namespace weir::admin
