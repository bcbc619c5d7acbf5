#include "proto/http/fields.h"

#include "proto/http/text.h"

namespace weir::proto::http {

std::size_t element_end(std::string_view list, std::size_t from) {
  bool quoted = false;
  for (std::size_t at = from; at < list.size(); ++at) {
    at = list.find_first_of(quoted ? "\"\\" : "\",", at);
    if (at == std::string_view::npos) break;
    if (list[at] == ',') return at;
    if (list[at] == '\\') {
      ++at;  // what it escapes
    } else {
      quoted = !quoted;
    }
  }
  return list.size();
}

bool ValueWalk::wanted(const Field& field) const {
  if (field.removed) return false;
  if (name_ == nullptr) return true;
  return field.id == name_->id && (field.id != FieldId::other || same_name(field.name, name_->name));
}

std::optional<std::string_view> ValueWalk::next() {
  const auto fields = head_.fields();
  for (; place_.field < fields.size(); ++place_.field, place_.offset = 0) {
    const Field& field = fields[place_.field];
    if (!wanted(field)) continue;
    if (whole_) {
      ++place_.field;
      return field.value;
    }
    if (place_.offset > field.value.size()) continue;
    const std::size_t start = place_.offset;
    const std::size_t end = element_end(field.value, start);
    place_.offset = end + 1;  // beyond the size: this field is done
    return trimmed(field.value.substr(start, end - start));
  }
  return std::nullopt;
}

std::size_t count_values(const Head& head, const FieldName* name, bool whole) {
  ValueWalk walk(head, name, whole);
  std::size_t count = 0;
  while (walk.next()) ++count;
  return count;
}

std::optional<std::string_view> nth_value(const Head& head, const FieldName* name, bool whole, std::int64_t number) {
  if (number < -1) {
    const auto count = static_cast<std::int64_t>(count_values(head, name, whole));
    if (number < -count) return std::nullopt;
    number += count + 1;
  }
  ValueWalk walk(head, name, whole);
  std::optional<std::string_view> last;
  for (std::int64_t at = 1;; ++at) {
    const auto value = walk.next();
    if (!value) return number <= 0 ? last : std::nullopt;
    if (at == number) return value;
    last = value;
  }
}

}  // namespace weir::proto::http
