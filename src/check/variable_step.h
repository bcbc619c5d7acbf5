// A step that sets or unsets a variable: `tcp-check set-var(check.port) int(1234)`.
//
// Variables of the scopes check and sess live as long as one run of the ruleset, those of proc as long as the process.
// As everywhere, a value that is not there leaves the variable as it is, and the ruleset goes on. Manual 2.8,
// tcp-check set-var.
#pragma once

#include <memory>

#include "sample/expression.h"
#include "sample/log_format.h"
#include "sample/variable.h"

namespace weir::check {

struct VariableStep {
  sample::VariableName name;
  sample::VariableConditions conditions;
  sample::Expression expression;                    // set-var
  std::shared_ptr<const sample::LogFormat> format;  // set-var-fmt; neither: unset-var

  void apply(sample::Context& context) const;
};

}  // namespace weir::check
