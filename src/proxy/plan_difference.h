// What changes when one configuration takes over from another: for people, before and after a reload.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/model.h"

namespace weir::proxy {

class Engine;

struct PlanDifference {
  std::vector<std::string> lines;  // one change each
  std::uint64_t sessions = 0;      // that run on parts which are removed or replaced; they run to their own end
  std::string refused;             // the first global setting that cannot change while the process runs; empty: none
  /// The lines and a summary; ends with a newline.
  [[nodiscard]] std::string text() const;
};

/// `engine` adds how many sessions each change touches; it must run `running`.
PlanDifference compare(const Config& running, const Config& wanted, const Engine& engine);

}  // namespace weir::proxy
