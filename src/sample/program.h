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

struct ConditionProgram {
  struct Term {
    std::shared_ptr<const NamedAcl> acl;
    bool negated = false;
    bool last_of_group = false;
  };
  std::vector<Term> terms;
  bool unless = false;
  std::string text;
};

}  // namespace weir::sample
