#include "proxy/rule/rule.h"

namespace weir::proxy {

Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session) {
  for (; next < rules.size(); next++) {
    const Rule& rule = rules[next];
    switch (rule.condition.evaluate(context)) {
      case sample::Truth::no: continue;
      case sample::Truth::unknown: return Verdict::wait;
      case sample::Truth::yes: break;
    }
    const Verdict verdict = rule.action->apply(rule.argument.get(), session, context);
    if (verdict == Verdict::next || (verdict == Verdict::wait && context.final)) continue;
    return verdict;
  }
  return Verdict::accept;
}

}  // namespace weir::proxy
