// Fields, or names alone, in one binary value: every text behind its length, as req.hdrs_bin gives them.
//
// Such a list comes from a variable or from anywhere, so what is in it is checked before it can become part of a head.
// It ends where its bytes do, or with an empty name. Manual 7.3.6, req.hdrs_bin; lengths: proto/varying.h.
#pragma once

#include <optional>
#include <string_view>

#include "proto/byte_reader.h"

namespace weir::proto::http {

class TextList {
 public:
  explicit TextList(std::string_view list) : in_(list) {}
  /// Nothing at the end of the bytes, and where one is cut.
  [[nodiscard]] std::optional<std::string_view> next();
  [[nodiscard]] bool broken() const { return in_.failed(); }

 private:
  ByteReader in_;
};

struct ListedField {
  std::string_view name;   // a token
  std::string_view value;  // without line ends and NUL
};

class FieldList {
 public:
  explicit FieldList(std::string_view list) : texts_(list) {}
  /// Nothing at the end, and where this is no list of fields.
  [[nodiscard]] std::optional<ListedField> next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  TextList texts_;
  bool broken_ = false;
};

}  // namespace weir::proto::http
