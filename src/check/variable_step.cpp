#include "check/variable_step.h"

#include <algorithm>

#include "sample/context.h"

namespace weir::check {

void VariableStep::apply(sample::Context& context) const {
  constexpr std::size_t kLongest = 16'384;
  sample::Sample value;
  if (format != nullptr) {
    const std::size_t room = std::min(kLongest, context.arena.room() / 2);
    char* text = context.arena.take(room);
    value = sample::Sample::string({text, format->format(context, {text, room})});
  } else if (expression.empty()) {
    sample::unset_variable(context, name);
    return;
  } else if (expression.evaluate(context, value) != sample::FetchStatus::ok) {
    return;
  }
  if (conditions.hold(context, name, &value)) sample::set_variable(context, name, value);
}

}  // namespace weir::check
