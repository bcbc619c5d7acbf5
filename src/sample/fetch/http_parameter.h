// Parameters, of a target or of a body that is encoded like one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample/rows.h"

namespace weir::sample {

/// What the arguments of urlp and req.body_param became.
struct PreparedParameter {
  std::string name;  // empty: any
  std::string ends;
  char start = '?';
  bool ignore_case = false;
};
/// The first value among `parameters`; for an ACL the next one, and context.each moves on.
[[nodiscard]] std::optional<std::string_view> next_parameter(const PreparedParameter& wanted,
                                                             std::string_view parameters, Context& context);

}  // namespace weir::sample
