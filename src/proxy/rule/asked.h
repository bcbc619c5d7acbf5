// Asking the rules that are asked one by one (use_backend, use-server, stick, monitor fail...), counting how it went.
#pragma once

#include <algorithm>
#include <vector>

#include "proxy/rule/rule_counts.h"
#include "proxy/worker_context.h"
#include "sample/condition.h"

namespace weir::proxy {

/// What cannot be decided does not hold.
template <class AnyRule>
bool holds(const AnyRule& rule, const RuleCounts& counts, sample::Context& context, const Session& session) {
  const bool held = rule.condition.evaluate(context) == sample::Truth::yes;
  count_asked(counts.of(session.worker->id())[rule.number], held);
  return held;
}

/// They are asked until one holds.
template <class AnyRule>
bool any_holds(const std::vector<AnyRule>& rules, const RuleCounts& counts, sample::Context& context,
               const Session& session) {
  return std::ranges::any_of(rules, [&](const AnyRule& rule) { return holds(rule, counts, context, session); });
}

}  // namespace weir::proxy
