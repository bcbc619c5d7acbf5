// The orders that the algorithms of picker.h run: one maker each, one file each.
#pragma once

#include <memory>

#include "balance/picker.h"

namespace weir::balance {

[[nodiscard]] std::unique_ptr<Order> make_round_robin(const Options&);
[[nodiscard]] std::unique_ptr<Order> make_static_round_robin(const Options&);
[[nodiscard]] std::unique_ptr<Order> make_least_connections(const Options&);
[[nodiscard]] std::unique_ptr<Order> make_first(const Options&);
/// A map of places or, with `hash-type consistent`, a ring of points.
[[nodiscard]] std::unique_ptr<Order> make_hashed(const Options&);
[[nodiscard]] std::unique_ptr<Order> make_consistent(const Options&);
[[nodiscard]] std::unique_ptr<Order> make_random(const Options&);

}  // namespace weir::balance
