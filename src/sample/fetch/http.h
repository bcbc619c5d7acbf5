// The HTTP message a fetch looks at, whoever parsed it.
//
// In HTTP mode the engine has, and hands over head and body. In TCP mode the bytes may be HTTP/1 all the same (manual
// 7.3.6): the head is read from them then, into the arena, for this one evaluation.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proto/http/fields.h"
#include "sample/rows.h"

namespace weir::sample {

enum class Side : std::uint8_t { request, response, either };  // either: of the place where the fetch stands

/// `message` is there when the answer is ok.
[[nodiscard]] FetchStatus find_message(Context& context, Side side, HttpMessage& message);

/// What "name" of hdr(name) became when the configuration was read; null where there is none.
struct PreparedName {
  explicit PreparedName(std::string_view name) : text(name), field(text) {}
  PreparedName(const PreparedName&) = delete;
  PreparedName& operator=(const PreparedName&) = delete;
  std::string text;
  proto::http::FieldName field;
};
[[nodiscard]] Result<std::shared_ptr<const void>> prepare_field_name(const Args& args);

/// The integer that `text` begins with: digits, maybe a sign before them. COMPAT: 0 when there is none.
[[nodiscard]] std::int64_t leading_integer(std::string_view text);

/// Texts put one after the other in the arena, with a delimiter between them.
class Joined {
 public:
  Joined(Arena& arena, std::string_view delimiter) : arena_(arena), delimiter_(delimiter.substr(0, 1)) {}
  /// False when the arena is full.
  bool add(std::string_view text, bool in_small = false);
  [[nodiscard]] std::string_view text() const { return {start_, size_}; }

 private:
  bool put(std::string_view text, bool in_small);

  Arena& arena_;
  std::string_view delimiter_;
  char* start_ = nullptr;
  std::size_t size_ = 0;
  bool any_ = false;
};

}  // namespace weir::sample
