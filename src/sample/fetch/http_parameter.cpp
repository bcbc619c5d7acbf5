#include "sample/fetch/http_parameter.h"

#include "proto/http/head.h"
#include "proto/http/uri.h"

namespace weir::sample {

std::optional<std::string_view> next_parameter(const PreparedParameter& wanted, std::string_view parameters,
                                               Context& context) {
  proto::http::ParameterWalk walk(parameters, wanted.ends);
  if (context.each != nullptr) walk.go_to(context.each->offset);
  while (const auto parameter = walk.next()) {
    const bool named = wanted.name.empty() || parameter->name == wanted.name ||
                       (wanted.ignore_case && proto::http::same_name(parameter->name, wanted.name));
    if (!named) continue;
    if (context.each != nullptr) context.each->go_on(context.each->item, walk.position());
    return parameter->value;
  }
  return std::nullopt;
}

}  // namespace weir::sample
