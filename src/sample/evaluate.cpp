// The hot path: what runs for each rule of each connection. Nothing here allocates or suspends.
//
// Expressions, ACLs and conditions are evaluated in one file so that the compiler sees through all three: a rule costs
// the call of its fetch and the call of its comparison, little more (condition_bench).
#include "sample/condition.h"
#include "sample/program.h"

namespace weir::sample {
namespace {

bool apply_steps(const ExpressionProgram& program, Context& context, Sample& out) {
  for (const auto& step : program.steps) {
    const bool may_change = out.may_change();
    const bool good = (!step.casts || cast(out, step.row->in, context.arena)) &&
                      step.row->apply(Args{step.arguments, step.prepared.get()}, context, out);
    out.set_may_change(may_change);
    if (!good) return false;
  }
  return true;
}

inline FetchStatus run(const ExpressionProgram& program, Context& context, Sample& out) {
  FetchStatus status = program.fetch->fetch(Args{program.arguments, program.prepared.get()}, context, out);
  if (status == FetchStatus::ok && !program.steps.empty() && !apply_steps(program, context, out)) {
    // A value that has no such form yet may have one when more input came.
    status = out.may_change() ? FetchStatus::need_more : FetchStatus::absent;
  }
  if (!context.final) return status;
  out.set_may_change(false);
  return status == FetchStatus::need_more ? FetchStatus::absent : status;
}

}  // namespace

FetchStatus Expression::evaluate(Context& context, Sample& out) const {
  return program_ == nullptr ? FetchStatus::absent : run(*program_, context, out);
}

Truth Acl::evaluate(Context& context) const {
  Sample sample;
  switch (run(*expression_.program_, context, sample)) {
    case FetchStatus::need_more: return Truth::unknown;
    case FetchStatus::absent: return Truth::no;
    case FetchStatus::ok: break;
  }
  const bool match =
      cast(sample, match_input(kind_, sample.type()), context.arena) && patterns_->matches(sample, context.arena);
  if (match) return Truth::yes;
  return sample.may_change() ? Truth::unknown : Truth::no;
}

Truth NamedAcl::evaluate(Context& context) const {
  Truth verdict = Truth::no;
  for (const Acl& test : tests) {
    verdict = std::max(verdict, test.evaluate(context));
    if (verdict == Truth::yes) break;
  }
  return verdict;
}

Truth Condition::evaluate(Context& context) const {
  if (program_ == nullptr) return Truth::yes;
  const std::size_t mark = context.arena.mark();
  Truth verdict = Truth::no;
  Truth group = Truth::yes;
  for (const auto& term : program_->terms) {
    if (group != Truth::no) {
      const Truth truth = term.acl->evaluate(context);
      group = std::min(group, term.negated ? invert(truth) : truth);
    }
    if (!term.last_of_group) continue;
    verdict = std::max(verdict, group);
    if (verdict == Truth::yes) break;
    group = Truth::yes;
  }
  context.arena.rewind(mark);
  return program_->unless ? invert(verdict) : verdict;
}

}  // namespace weir::sample
