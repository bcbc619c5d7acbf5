#include "sample/operand.h"

namespace weir::sample {

std::optional<std::string_view> variable_text(Context& context, const VariableName& name) {
  Sample value;
  return get_variable(context, name, value) ? to_text(value, context.arena) : std::nullopt;
}

TextOperand::TextOperand(std::string_view given) : given_(given) {
  if (auto name = VariableName::parse(given)) variable_ = *name;
}

bool TextOperand::read(Context& context, std::string_view& out) const {
  if (!variable_) {
    out = given_;
    return true;
  }
  const auto text = variable_text(context, *variable_);
  out = text.value_or("");
  return text.has_value();
}

}  // namespace weir::sample
