// A text that the configuration gives, or the variable that holds it: "txn.key".
//
// Manual: several converters take "a string or a variable". What begins with a scope's name and a dot is a variable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample/context.h"
#include "sample/variable.h"

namespace weir::sample {

/// Nothing when it is not set, or its value has no text.
[[nodiscard]] std::optional<std::string_view> variable_text(Context& context, const VariableName& name);

class TextOperand {
 public:
  TextOperand() = default;
  explicit TextOperand(std::string_view given);
  /// False: the variable is not set, or its value has no text.
  [[nodiscard]] bool read(Context& context, std::string_view& out) const;
  [[nodiscard]] bool is_variable() const { return variable_.has_value(); }
  [[nodiscard]] const std::string& given() const { return given_; }

 private:
  std::string given_;
  std::optional<VariableName> variable_;
};

}  // namespace weir::sample
