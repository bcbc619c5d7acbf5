#include "admin/weight.h"

#include <algorithm>
#include <cstdint>

#include "balance/server_slot.h"
#include "base/units.h"

namespace weir::admin {

Result<unsigned> parse_weight(std::string_view text, unsigned initial) {
  if (text.empty()) return fail("Require <weight> or <weight%>.\n");
  const bool relative = text.ends_with('%');
  if (relative) text.remove_suffix(1);
  const auto number = parse_integer(text, -0x7fffffff, 0x7fffffff);
  if (!number) return fail("Empty weight string empty or preceded by garbage");
  constexpr std::int64_t kMost = balance::kMaxWeight;
  if (relative) {
    if (*number < 0) return fail("Relative weight must be positive.\n");
    return static_cast<unsigned>(std::min<std::int64_t>(kMost, *number * initial / 100));
  }
  if (*number < 0 || *number > kMost) return fail("Absolute weight can only be between 0 and 256 inclusive.\n");
  return static_cast<unsigned>(*number);
}

}  // namespace weir::admin
