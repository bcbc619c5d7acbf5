// What expressions and conditions compile to; private to this layer.
//
// Flat arrays of rows with their arguments, made once when the configuration is read. evaluate.cpp runs them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sample/acl.h"
#include "sample/rows.h"

namespace weir::sample {

struct ExpressionProgram {
  struct Step {
    const Converter* row = nullptr;
    std::vector<Argument> arguments;
    std::shared_ptr<const void> prepared;
    bool casts = false;  // what comes before may have another type than the row takes
  };
  const Fetch* fetch = nullptr;
  std::vector<Argument> arguments;
  std::shared_ptr<const void> prepared;
  std::vector<Step> steps;
  Type type = Type::any;
  std::string text;
};

/// All that one line of an ACL needs at run time, in one cache line: between two connections the kernel has the caches,
/// and what rules cost is how many lines they wait for (connection_bench).
struct alignas(64) AclTest {
  FetchStatus (*fetch)(const Args& args, Context& context, Sample& out) = nullptr;
  Args args;
  const ExpressionProgram* converters = nullptr;  // null: the fetch alone
  const PatternSet* patterns = nullptr;
  MatchKind kind = MatchKind::found;
  bool each = false;
  bool negated = false;
  bool last_of_acl = false;
  bool last_of_group = false;
};

struct ConditionProgram;

/// The same, told to context.trace. trace.cpp
FetchStatus trace_expression(const ExpressionProgram& program, Context& context, Sample& out);
/// Without `unless`.
Truth trace_condition(const ConditionProgram& program, Context& context);

struct ConditionProgram {
  struct Term {
    std::shared_ptr<const NamedAcl> acl;
    bool negated = false;
    bool last_of_group = false;
  };
  std::vector<Term> terms;     // as read; these own what `tests` borrow
  std::vector<AclTest> tests;  // of all terms in a row
  bool single = false;         // one test decides
  bool unless = false;
  std::string text;

  /// Makes `tests`, and again when a line extends one of the ACLs.
  void flatten();
};

}  // namespace weir::sample
