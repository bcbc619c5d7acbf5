#include "proxy/rule/rule.h"

namespace weir::proxy {

Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session) {
  for (; next < rules.size(); next++) {
    const Rule& rule = rules[next];
    switch (rule.condition.evaluate(context)) {
      case sample::Truth::no: continue;
      case sample::Truth::unknown: next = 0; return Verdict::wait;
      case sample::Truth::yes: break;
    }
    const std::size_t mark = context.arena.mark();
    const Verdict verdict = rule.action->apply(rule.argument.get(), session, context);
    context.arena.rewind(mark);
    if (verdict == Verdict::next || (verdict == Verdict::wait && context.final && !context.may_pause)) continue;
    return verdict;
  }
  return Verdict::accept;
}

}  // namespace weir::proxy
