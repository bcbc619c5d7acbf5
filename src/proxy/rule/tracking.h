// What a `track-sc` rule says, for the check of its key once all tables are known.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/rule/rule.h"
#include "sample/expression.h"

namespace weir::proxy {

struct TrackedKey {
  const sample::Expression* key = nullptr;
  std::string_view table;
};
/// nullopt: the rule tracks nothing.
[[nodiscard]] std::optional<TrackedKey> tracked_key(const Rule& rule);

}  // namespace weir::proxy
