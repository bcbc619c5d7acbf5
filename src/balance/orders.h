// The orders that the algorithms of picker.h run: one maker each, one file each.
#pragma once

#include <memory>

#include "balance/picker.h"

namespace weir::balance {

[[nodiscard]] std::unique_ptr<Order> make_round_robin();
[[nodiscard]] std::unique_ptr<Order> make_least_connections();
[[nodiscard]] std::unique_ptr<Order> make_first();
[[nodiscard]] std::unique_ptr<Order> make_hashed();

}  // namespace weir::balance
