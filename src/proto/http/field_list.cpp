#include "proto/http/field_list.h"

#include "proto/http/text.h"
#include "proto/varying.h"

namespace weir::proto::http {

std::optional<std::string_view> TextList::next() {
  if (in_.empty()) return std::nullopt;
  const std::string_view text = in_.take(take_varying(in_));
  return in_.failed() ? std::nullopt : std::optional(text);
}

std::optional<ListedField> FieldList::next() {
  const auto name = texts_.next();
  const auto value = texts_.next();
  if (!name || name->empty()) {
    broken_ = texts_.broken() || (value && !value->empty());
    return std::nullopt;
  }
  broken_ = !value || !is_token(*name) || value->find_first_of(std::string_view("\r\n\0", 3)) != value->npos;
  return broken_ ? std::nullopt : std::optional(ListedField{.name = *name, .value = *value});
}

}  // namespace weir::proto::http
