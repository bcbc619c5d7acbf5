#include "sample/operand.h"

namespace weir::sample {

TextOperand::TextOperand(std::string_view given) : given_(given) {
  if (auto name = VariableName::parse(given)) variable_ = *name;
}

bool TextOperand::read(Context& context, std::string_view& out) const {
  if (!variable_) {
    out = given_;
    return true;
  }
  Sample value;
  if (!get_variable(context, *variable_, value)) return false;
  const auto text = to_text(value, context.arena);
  out = text.value_or("");
  return text.has_value();
}

}  // namespace weir::sample
