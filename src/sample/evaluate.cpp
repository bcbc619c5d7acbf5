// The hot path: what runs for each rule of each connection. Nothing here allocates or suspends.
//
// Expressions, ACLs and conditions are evaluated in one file so that the compiler sees through all three: a rule costs
// the call of its fetch and the call of its comparison, little more (condition_bench).
#include "sample/condition.h"
#include "sample/program.h"

namespace weir::sample {
namespace {

[[gnu::noinline]] bool apply_steps(const ExpressionProgram& program, Context& context, Sample& out) {
  for (const auto& step : program.steps) {
    const bool may_change = out.may_change();
    const bool good = (!step.casts || cast(out, step.row->in, context.arena)) &&
                      step.row->apply(Args{step.arguments, step.prepared.get()}, context, out);
    out.set_may_change(may_change);
    if (!good) return false;
  }
  return true;
}

/// `converters` is null where there are none.
inline FetchStatus settle(FetchStatus status, const ExpressionProgram* converters, Context& context, Sample& out) {
  if (status == FetchStatus::ok && converters != nullptr && !apply_steps(*converters, context, out)) {
    // A value that has no such form yet may have one when more input came.
    status = out.may_change() ? FetchStatus::need_more : FetchStatus::absent;
  }
  if (!context.final) return status;
  out.set_may_change(false);
  return status == FetchStatus::need_more ? FetchStatus::absent : status;
}

[[gnu::noinline]] bool matches_anyhow(const AclTest& test, Context& context, Sample& sample) {
  return cast(sample, match_input(test.kind, sample.type()), context.arena) &&
         test.patterns->matches(sample, context.arena);
}

/// What most rules do, an address in networks or a text among a few, without the general way's detours.
[[gnu::always_inline]] inline bool matches(const AclTest& test, Context& context, Sample& sample) {
  if (test.patterns->follows_sources()) [[unlikely]]
    return matches_anyhow(test, context, sample);
  if (test.kind == MatchKind::ip && sample.type() == Type::ipv4) return test.patterns->matches_ipv4(sample.as_ipv4());
  if (test.kind == MatchKind::str && sample.type() == Type::string && !test.patterns->has_index())
    return test.patterns->is_one_of_few(sample.text());
  return matches_anyhow(test, context, sample);
}

/// One value after the other until one matches. A value that its converters refuse is passed over.
[[gnu::noinline]] Truth evaluate_each(const AclTest& test, Context& context) {
  Occurrences each{.mark = context.arena.mark()};
  Truth verdict = Truth::no;
  do {
    Sample sample;
    each.more = false;
    context.each = &each;
    FetchStatus status = test.fetch(test.args, context, sample);
    context.each = nullptr;
    status = settle(status, test.converters, context, sample);
    if (status == FetchStatus::need_more) return Truth::unknown;
    if (status == FetchStatus::ok && matches(test, context, sample)) return Truth::yes;
    if (status == FetchStatus::ok && sample.may_change()) verdict = Truth::unknown;
    context.arena.rewind(each.mark);
  } while (each.more);
  return verdict;
}

[[gnu::always_inline]] inline Truth evaluate(const AclTest& test, Context& context) {
  if (test.each) return evaluate_each(test, context);
  Sample sample;
  switch (settle(test.fetch(test.args, context, sample), test.converters, context, sample)) {
    case FetchStatus::need_more: return Truth::unknown;
    case FetchStatus::absent: return Truth::no;
    case FetchStatus::ok: break;
  }
  if (matches(test, context, sample)) return Truth::yes;
  return sample.may_change() ? Truth::unknown : Truth::no;
}

/// Groups of ACLs. Apart from the one test that most rules are, which saves few registers so.
[[gnu::noinline]] Truth evaluate_groups(const ConditionProgram& program, Context& context) {
  Truth verdict = Truth::no;
  Truth group = Truth::yes;
  Truth acl = Truth::no;  // any of its lines may match
  for (const AclTest& test : program.tests) {
    if (group != Truth::no && acl != Truth::yes) acl = std::max(acl, evaluate(test, context));
    if (!test.last_of_acl) continue;
    group = std::min(group, test.negated ? invert(acl) : acl);
    acl = Truth::no;
    if (!test.last_of_group) continue;
    verdict = std::max(verdict, group);
    if (verdict == Truth::yes) break;
    group = Truth::yes;
  }
  return verdict;
}

}  // namespace

FetchStatus Expression::evaluate(Context& context, Sample& out) const {
  if (program_ == nullptr) return FetchStatus::absent;
  if (context.trace != nullptr) [[unlikely]]
    return trace_expression(*program_, context, out);
  const FetchStatus got = program_->fetch->fetch(Args{program_->arguments, program_->prepared.get()}, context, out);
  return settle(got, program_->steps.empty() ? nullptr : program_.get(), context, out);
}

AclTest Acl::test() const {
  const ExpressionProgram& program = *expression_.program_;
  return {.fetch = program.fetch->fetch,
          .args = {program.arguments, program.prepared.get()},
          .converters = program.steps.empty() ? nullptr : &program,
          .patterns = patterns_.get(),
          .kind = kind_,
          .each = program.fetch->each};
}

Truth Acl::evaluate(Context& context) const { return sample::evaluate(test(), context); }

Truth Condition::evaluate(Context& context) const {
  if (program_ == nullptr) return Truth::yes;
  const std::size_t mark = context.arena.mark();
  Truth truth;
  bool inverted = program_->unless;
  if (context.trace != nullptr) [[unlikely]] {
    truth = trace_condition(*program_, context);
  } else if (program_->single) {
    const AclTest& test = program_->tests.front();
    truth = sample::evaluate(test, context);
    inverted = test.negated != inverted;
  } else {
    truth = evaluate_groups(*program_, context);
  }
  context.arena.rewind(mark);
  return inverted ? invert(truth) : truth;
}

}  // namespace weir::sample
