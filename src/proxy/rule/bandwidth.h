// What a set-bandwidth-limit rule was given, for checking it once its proxy's filters are all known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "proxy/rule/rule.h"
#include "sample/expression.h"

namespace weir::proxy {

struct BandwidthArgument final : ActionArgument {
  std::string name;
  SourcePosition at;
  std::optional<std::uint64_t> limit;
  std::optional<Milliseconds> period;
  sample::Expression limit_expression;  // instead of the number
  sample::Expression period_expression;
  [[nodiscard]] bool changes_limits() const {
    return limit || period || !limit_expression.empty() || !period_expression.empty();
  }
};

}  // namespace weir::proxy
