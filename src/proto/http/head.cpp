#include "proto/http/head.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/http/known_names.h"
#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

/// The live field at or after `from` that `matches`.
template <typename Fields, typename Matches>
auto* find_if(Fields fields, std::size_t from, Matches matches) {
  for (std::size_t i = from; i < fields.size(); ++i) {
    if (!fields[i].removed && matches(fields[i])) return &fields[i];
  }
  return static_cast<decltype(fields.data())>(nullptr);
}
auto named(FieldName name) {
  return [name](const Field& field) {
    return field.id == name.id && (name.id != FieldId::other || same_name(field.name, name.name));
  };
}
auto with_id(FieldId id) {
  return [id](const Field& field) { return field.id == id; };
}

constexpr std::string_view kMethods[] = {"",    "OPTIONS", "GET",   "HEAD",    "POST",
                                         "PUT", "DELETE",  "TRACE", "CONNECT", "PATCH"};

}  // namespace

std::string_view version_text(Version version) {
  constexpr std::string_view kTexts[] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"};
  return kTexts[static_cast<std::size_t>(version)];
}

Method method_of(std::string_view text) {
  if (text == "GET") return Method::get;
  for (std::size_t i = 1; i < std::size(kMethods); ++i) {
    if (kMethods[i] == text) return static_cast<Method>(i);
  }
  return Method::other;
}

FieldId field_id(std::string_view name) {
  if (name.empty() || name.size() > kLongestKnownName) return FieldId::other;
  const KnownName& known = kKnownNames[known_slot(name.data(), name.size())];
  return known.size == name.size() && is_in_small(name, {known.name.data(), known.size}) ? known.id : FieldId::other;
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const char* x = a.data();
  const char* y = b.data();
  std::size_t left = a.size();
  for (; left >= 8; left -= 8, x += 8, y += 8) {
    if (lower8(load8(x)) != lower8(load8(y))) return false;
  }
  for (; left != 0; --left, ++x, ++y) {
    if (lower(*x) != lower(*y)) return false;
  }
  return true;
}

void Head::clear() {
  const std::span<Field> storage = storage_;
  *this = Head(storage);
}

bool Head::add(std::string_view name, std::string_view value) { return add(name, field_id(name), value); }

Field* Head::find(FieldName name, std::size_t from) { return find_if(fields(), from, named(name)); }
const Field* Head::find(FieldName name, std::size_t from) const { return find_if(fields(), from, named(name)); }
Field* Head::find(FieldId id, std::size_t from) { return find_if(fields(), from, with_id(id)); }
const Field* Head::find(FieldId id, std::size_t from) const { return find_if(fields(), from, with_id(id)); }

void Head::remove_all(FieldName name) {
  for (Field* field = find(name); field != nullptr; field = find(name, index_of(field) + 1)) field->removed = true;
}
void Head::remove_all(FieldId id) {
  for (Field* field = find(id); field != nullptr; field = find(id, index_of(field) + 1)) field->removed = true;
}

std::optional<std::string_view> Head::value(FieldId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::nullopt : std::optional(field->value);
}

}  // namespace weir::proto::http
