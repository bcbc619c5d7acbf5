// The values of a field, one after the other: whole, or split where its commas are.
//
// A field that is a list may come in one line or in several, which is the same (RFC 9110 5.3); so whoever asks for "the
// last value of X-Forwarded-For" is answered over all of them. Commas between quotes are part of a value; an element
// may be empty. Views only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/http/head.h"

namespace weir::proto::http {

/// Where the list element that begins at `from` ends: a comma outside quotes, or the end.
[[nodiscard]] std::size_t element_end(std::string_view list, std::size_t from);

class ValueWalk {
 public:
  /// Of all fields when `name` is null. `whole`: values are not split.
  ValueWalk(const Head& head, const FieldName* name, bool whole) : head_(head), name_(name), whole_(whole) {}
  [[nodiscard]] std::optional<std::string_view> next();

  /// The place of the next value: the field, and the offset in it; to go on later.
  struct Place {
    std::size_t field = 0;
    std::size_t offset = 0;
  };
  [[nodiscard]] Place place() const { return place_; }
  void go_to(Place place) { place_ = place; }

 private:
  [[nodiscard]] bool wanted(const Field& field) const;

  const Head& head_;
  const FieldName* name_;
  bool whole_;
  Place place_;
};

[[nodiscard]] std::size_t count_values(const Head& head, const FieldName* name, bool whole);
/// The nth value: 1 is the first, -1 the last, 0 the last too.
[[nodiscard]] std::optional<std::string_view> nth_value(const Head& head, const FieldName* name, bool whole,
                                                        std::int64_t number);

}  // namespace weir::proto::http
