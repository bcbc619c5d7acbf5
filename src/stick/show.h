// The commands on tables of the runtime socket: `show table`, `set table`, `clear table`.
//
// Words become text; whoever owns the socket hands both over. A table may hold millions of entries while workers use
// it, so showing and clearing go in pieces: a command is parsed into a struct that keeps a cursor, and show_some() or
// clear_some() is called again, in later turns, until it says that it is done. Manual: management 9.3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "stick/registry.h"
#include "stick/table.h"

namespace weir::stick {

enum class Comparison : std::uint8_t { eq, ne, le, ge, lt, gt };

struct DataFilter {
  DataType type = DataType::server_id;
  std::uint32_t index = 0;  // gpc[2]
  Comparison comparison = Comparison::eq;
  std::int64_t value = 0;
};
inline constexpr std::size_t kMaxDataFilters = 4;

/// What `show table` and `clear table` select.
struct TableSelection {
  enum class By : std::uint8_t { all, key, pointer, data } by = By::all;
  std::string key;  // bytes as StickTable wants them
  std::uintptr_t pointer = 0;
  std::vector<DataFilter> filters;  // all must hold
};

/// One `show table <name> ...` at work.
struct TableShow {
  TableSelection selection;
  StickTable::Cursor cursor;
  bool headed = false;
  std::uint32_t shards = 0;  // of its peers section
};
/// The words behind the table's name. Errors are the text to answer.
[[nodiscard]] Result<TableShow> parse_show(const TableConfig& table, std::span<const std::string_view> words);
/// Appends what comes next, looking at no more than `budget` entries. True when all was said; the empty line that ends
/// every answer is the socket's.
bool show_some(StickTable& table, TableShow& show, std::string& out, TimePoint now, std::size_t budget);

/// `# table: name, type: ip, size:N, used:N` with its line feed.
void write_table_header(const StickTable& table, std::string& out);
/// `0x...: key=... use=0 exp=1234 shard=0 server_id=1` with its line feed.
void write_entry(const StickTable& table, const StickTable::View& entry, std::uint32_t shards, std::string& out);

/// One `clear table <name> ...` at work.
struct TableClear {
  TableSelection selection;
  StickTable::Cursor cursor;
};
[[nodiscard]] Result<TableClear> parse_clear(const TableConfig& table, std::span<const std::string_view> words);
/// Removes at most `budget` entries; true when done. `out` gets what is to be answered.
bool clear_some(StickTable& table, TableClear& clear, std::string& out, TimePoint now, std::size_t budget);

/// `set table <name> ...`: the words behind the table's name -> the answer, empty when all went well.
[[nodiscard]] std::string set_table(StickTable& table, std::span<const std::string_view> words, TimePoint now);

/// For a name that is no table's.
inline constexpr std::string_view kNoSuchTable = "No such table\n";
/// `clear table` and `set table` without a name.
inline constexpr std::string_view kClearUsage =
    "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key>\n";
inline constexpr std::string_view kSetUsage =
    "Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n";

/// A key as people write it ("10.0.0.1", "42", "bob", hexadecimal for binary) -> the table's bytes, and back. In text,
/// what could end the word is escaped.
[[nodiscard]] Result<std::string> key_from_text(const TableConfig& table, std::string_view text);
void write_key(const TableConfig& table, std::string_view key, std::string& out);

}  // namespace weir::stick
