#include "sample/trace.h"

#include <fmt/format.h>

#include "sample/condition.h"
#include "sample/program.h"
#include "sample/text.h"

namespace weir::sample {

void Trace::line(std::string_view text) {
  if (full_) return;
  if (text_.size() + depth_ + text.size() > kMost) {
    text_ += "... and more than fits here\n";
    full_ = true;
    return;
  }
  text_.append(depth_, ' ');
  text_ += text;
  text_ += '\n';
}

namespace {

// Text in quotes, nothing in it that moves a terminal's cursor.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 120;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= ' ' && c < 0x7f)
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  out += '"';
  if (text.size() > kShown) out += fmt::format(" and {} bytes more", text.size() - kShown);
  return out;
}

std::string shown(const Sample& sample, Context& context) {
  if (sample.type() == Type::boolean) return sample.as_boolean() ? "true" : "false";
  const std::size_t mark = context.arena.mark();
  const auto text = to_text(sample, context.arena);
  std::string out = !text ? "a value too large" : sample.is_text() ? quoted(*text) : std::string(*text);
  context.arena.rewind(mark);
  return out;
}

std::string_view status_text(FetchStatus status) {
  return status == FetchStatus::need_more ? "not known yet: more bytes are needed" : "absent";
}

// "payload(0,4)" of "payload(0,4),hex".
std::string_view fetch_text(std::string_view expression) {
  int depth = 0;
  for (std::size_t at = 0; at < expression.size(); at++) {
    if (expression[at] == '(') depth++;
    if (expression[at] == ')') depth--;
    if (expression[at] == ',' && depth == 0) return expression.substr(0, at);
  }
  return expression;
}

FetchStatus trace_steps(const ExpressionProgram& program, FetchStatus status, Context& context, Sample& out) {
  Trace& trace = *context.trace;
  const std::string_view name = fetch_text(program.text);
  if (status != FetchStatus::ok) {
    trace.line(fmt::format("{}: {}", name, status_text(status)));
  } else {
    trace.line(fmt::format("{} = {}", name, shown(out, context)));
    for (const auto& step : program.steps) {
      const bool may_change = out.may_change();
      const bool good = (!step.casts || cast(out, step.row->in, context.arena)) &&
                        step.row->apply(Args{step.arguments, step.prepared.get()}, context, out);
      out.set_may_change(may_change);
      trace.line(fmt::format("  ,{} = {}", step.row->name, good ? shown(out, context) : "nothing"));
      if (good) continue;
      status = may_change ? FetchStatus::need_more : FetchStatus::absent;
      break;
    }
  }
  if (!context.final) return status;
  out.set_may_change(false);
  return status == FetchStatus::need_more ? FetchStatus::absent : status;
}

bool matches(const AclTest& test, Context& context, Sample& sample) {
  return cast(sample, match_input(test.kind, sample.type()), context.arena) &&
         test.patterns->matches(sample, context.arena);
}

// One line of an ACL: each of its values until one matches.
Truth trace_line(const Acl& acl, const ExpressionProgram& program, Context& context) {
  const AclTest test = acl.test();
  Trace& trace = *context.trace;
  trace.line(acl.text().substr(0, acl.text().find('\n')));
  const Trace::Deeper in(&trace);
  Occurrences each{.mark = context.arena.mark()};
  Truth verdict = Truth::no;
  do {
    Sample sample;
    each.more = false;
    if (test.each) context.each = &each;
    FetchStatus status = test.fetch(test.args, context, sample);
    context.each = nullptr;
    status = trace_steps(program, status, context, sample);
    if (status == FetchStatus::need_more) return Truth::unknown;
    if (status == FetchStatus::ok) {
      const bool may_change = sample.may_change();
      if (matches(test, context, sample)) return Truth::yes;
      if (may_change) verdict = Truth::unknown;
    } else if (!test.each) {
      return Truth::no;
    }
    if (test.each) context.arena.rewind(each.mark);
  } while (each.more);
  return verdict;
}

std::string_view truth_text(Truth truth) {
  return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "not decided yet";
}

Truth trace_term(const ConditionProgram::Term& term, Context& context) {
  Truth truth = Truth::no;
  Trace& trace = *context.trace;
  {
    const Trace::Deeper in(&trace);
    for (const Acl& line : term.acl->tests) {
      if (truth == Truth::yes) break;
      truth = std::max(truth, trace_line(line, line.expression().program(), context));
    }
  }
  const std::string_view name = term.acl->name.empty() ? std::string_view("{ ... }") : term.acl->name;
  trace.line(
      fmt::format("{}{}: {}", term.negated ? "not " : "", name, truth_text(term.negated ? invert(truth) : truth)));
  return term.negated ? invert(truth) : truth;
}

}  // namespace

FetchStatus trace_expression(const ExpressionProgram& program, Context& context, Sample& out) {
  const FetchStatus got = program.fetch->fetch(Args{program.arguments, program.prepared.get()}, context, out);
  return trace_steps(program, got, context, out);
}

Truth trace_condition(const ConditionProgram& program, Context& context) {
  Truth verdict = Truth::no;
  Truth group = Truth::yes;
  for (const ConditionProgram::Term& term : program.terms) {
    if (group != Truth::no) group = std::min(group, trace_term(term, context));
    if (!term.last_of_group) continue;
    verdict = std::max(verdict, group);
    if (verdict == Truth::yes) break;
    group = Truth::yes;
  }
  return verdict;
}

}  // namespace weir::sample
