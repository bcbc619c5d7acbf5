// Values with a name and a meaning, in the three forms monitoring tools read: CSV, typed lines, JSON.
//
// A table of FieldRow says what each column is; a Fields object holds the values of one thing (a frontend, a server,
// the process) in the order of its table. An absent value is an empty CSV column and no typed line at all. Manual:
// management 9.1 (CSV), 9.2 (typed).
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::admin {

struct FieldRow {
  std::string_view name;
  std::string_view tags;  // origin, nature, scope, as three of the manual's letters
  std::string_view doc;
};

class Fields {
 public:
  explicit Fields(std::span<const FieldRow> rows) : rows_(rows), values_(rows.size()) {}

  void number(std::size_t index, std::unsigned_integral auto value) {
    if constexpr (sizeof(value) == 8)
      values_[index] = static_cast<std::uint64_t>(value);
    else
      values_[index] = static_cast<std::uint32_t>(value);
  }
  void signed_number(std::size_t index, std::int32_t value) { values_[index] = value; }
  void text(std::size_t index, std::string value) { values_[index] = std::move(value); }

  [[nodiscard]] std::span<const FieldRow> rows() const { return rows_; }
  [[nodiscard]] bool present(std::size_t index) const { return values_[index].index() != 0; }
  [[nodiscard]] std::string value(std::size_t index) const;
  [[nodiscard]] std::string_view type(std::size_t index) const;
  [[nodiscard]] bool is_text(std::size_t index) const { return values_[index].index() == 4; }

 private:
  std::span<const FieldRow> rows_;
  std::vector<std::variant<std::monostate, std::uint32_t, std::int32_t, std::uint64_t, std::string>> values_;
};

/// Whose fields they are, for typed lines and JSON: "S.3.1." and its spelled-out form.
struct FieldOwner {
  char letter = 'S';
  std::uint32_t proxy = 0;
  std::uint32_t id = 0;
};

/// A value that holds a comma or a quote is put into quotes.
void write_csv_text(std::string& out, std::string_view text);
/// One line; every column ends in a comma.
void write_csv(std::string& out, const Fields& fields);
/// "3.1.5.smax.1:MMPV:u32:0", one line a present value; `owner` null for those of the process.
void write_typed(std::string& out, const Fields& fields, const FieldOwner* owner, bool described);
/// An array of objects without any space.
void write_json(std::string& out, const Fields& fields, const FieldOwner* owner);
void write_json_text(std::string& out, std::string_view text);

}  // namespace weir::admin
