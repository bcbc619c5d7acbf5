#include "proxy/rule/rule.h"

#include <fmt/format.h>

#include "proxy/explain.h"
#include "proxy/rule/rule_counts.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

std::string_view verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::next: return "done, the next rule is asked";
    case Verdict::accept: return "the rules end here";
    case Verdict::reject: return "rejected";
    case Verdict::close: return "the server's connection is closed";
    case Verdict::silent_drop: return "dropped, the client is not told";
    case Verdict::wait: return "waits";
    case Verdict::deny: return "denied";
    case Verdict::tarpit: return "denied after a while";
    case Verdict::answer: return "answered here";
    case Verdict::failed: return "failed";
  }
  return "";
}

void tell_rule(sample::Context& context, const Rule& rule, const Session& session, const RuleCounts* counts) {
  if (context.trace == nullptr) [[likely]]
    return;
  context.trace->line(fmt::format("{}: {}{}{}",
                                  counts == nullptr ? place_of(session, rule.at) : counts->place(rule.number),
                                  rule.action->name, rule.condition.empty() ? "" : " ", rule.condition.text()));
}

void tell_outcome(sample::Context& context, std::string_view outcome) {
  if (context.trace == nullptr) [[likely]]
    return;
  context.trace->line(fmt::format("-> {}", outcome));
}

}  // namespace

Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session,
                  const RuleCounts* counts) {
  const sample::Trace::Deeper in_set(context.trace);
  RuleCount* const cells = counts == nullptr ? nullptr : counts->of(session.worker->id());
  const std::uint16_t from = next;
  // Those from `from` to the one before `end`: `end` itself waits, or there is none.
  const auto count_until = [&](std::size_t end) {
    if (cells != nullptr && end > from) count_walk(cells, rules[from].number, rules[end - 1].number);
  };
  for (; next < rules.size(); next++) {
    const Rule& rule = rules[next];
    tell_rule(context, rule, session, counts);
    const sample::Trace::Deeper in_rule(context.trace);
    switch (rule.condition.evaluate(context)) {
      case sample::Truth::no: tell_outcome(context, "does not apply"); continue;
      case sample::Truth::unknown:
        tell_outcome(context, "cannot be decided yet: all are asked again when more is known");
        count_until(next);
        next = 0;
        return Verdict::wait;
      case sample::Truth::yes: break;
    }
    const std::size_t mark = context.arena.mark();
    const Verdict verdict = rule.action->apply(rule.argument.get(), session, context);
    context.arena.rewind(mark);
    if (context.trace != nullptr) [[unlikely]]
      tell_outcome(context, verdict_text(verdict));
    if (verdict == Verdict::wait && (!context.final || context.may_pause)) {
      count_until(next);
      return verdict;
    }
    if (cells != nullptr) cells[rule.number].held.add();
    if (verdict == Verdict::next || verdict == Verdict::wait) continue;
    count_until(next + 1U);
    return verdict;
  }
  count_until(rules.size());
  return Verdict::accept;
}

}  // namespace weir::proxy
