// `stick-table type <type> size <n> ...`, and `table <name> ...` of peers sections. Manual: 11.1.
//
// Words may come in any order; a wrong one is reported and reading goes on behind it, so that one run shows all
// mistakes of the line.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "stick/config.h"

namespace weir::stick {
namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kMaxKeyLength = 1U << 20U;
constexpr std::string_view kTypes[] = {"ip", "ipv4", "ipv6", "integer", "string", "binary"};
constexpr KeyType kKeyTypes[] = {KeyType::ipv4,    KeyType::ipv4,   KeyType::ipv6,
                                 KeyType::integer, KeyType::string, KeyType::binary};
constexpr std::uint32_t kKeyLengths[] = {4, 4, 16, 4, 32, 32};
constexpr std::string_view kWords[] = {"type",      "size",          "expire",    "nopurge",
                                       "recv-only", "store",         "srvkey",    "write-to",
                                       "peers",     "brates-factor", "aggregate", "aggregate-timeout"};

std::vector<std::string_view> storable_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kDataTypes; ++i) names.push_back(row_of(static_cast<DataType>(i)).name);
  return names;
}

class TableReader {
 public:
  TableReader(config::Arguments& args, TableConfig& table, bool in_peers)
      : args_(args), table_(table), in_peers_(in_peers), errors_(args.diagnostics().errors()) {}

  bool read() {
    bool after_unknown = false;
    while (const config::Word* word = args_.next()) {
      const bool known = read_word(*word);
      if (!known && !after_unknown) report_unknown(*word);
      after_unknown = !known;
    }
    finish();
    return args_.diagnostics().errors() == errors_;
  }

 private:
  bool read_word(const config::Word& word) {
    const std::string_view name = word.text;
    if (name == "type") {
      read_type();
    } else if (name == "size") {
      read_size();
    } else if (name == "expire") {
      if (const auto time = args_.expect_time("the expiration delay")) table_.expire = *time;
    } else if (name == "nopurge") {
      table_.nopurge = true;
      nopurge_at_ = word.at;
    } else if (name == "recv-only") {
      table_.recv_only = true;
    } else if (name == "aggregate") {
      table_.aggregate = true;
      table_.aggregate_at = word.at;
    } else if (name == "aggregate-timeout") {
      timeout_at_ = word.at;
      if (const auto time = args_.expect_time("how long a node that is out of touch still counts"))
        table_.aggregate_timeout = *time;
    } else if (name == "store") {
      read_store();
    } else if (name == "srvkey") {
      constexpr std::string_view kKeys[] = {"name", "addr"};
      if (const auto choice = args_.expect_choice("way to name a server", kKeys))
        table_.server_key_is_address = *choice == 1;
    } else if (name == "write-to") {
      table_.write_to_at = args_.here();
      if (const config::Word* to = args_.expect_word("the name of a table")) table_.write_to = to->text;
    } else if (name == "peers" && !in_peers_) {
      table_.peers_at = args_.here();
      if (const config::Word* section = args_.expect_name("the name of a peers section")) table_.peers = section->text;
    } else if (name == "brates-factor") {
      if (const auto factor = args_.expect_integer("the factor of byte rates", 1, 1024))
        table_.bytes_rate_factor = static_cast<std::uint32_t>(*factor);
    } else {
      return false;
    }
    return true;
  }

  void report_unknown(const config::Word& word) {
    if (word == "peers") {
      args_.error_at(word.at, "a table of a peers section has no 'peers' argument").hint =
          "the section it stands in shares it";
      return;
    }
    Diagnostic& error = args_.error_at(word.at, fmt::format("unknown argument '{}'", word.text));
    const auto head = std::string_view(word.text).substr(0, 64);
    if (const auto near = nearest_word(head, kWords); !near.empty()) {
      error.hint = fmt::format("did you mean '{}'?", near);
    } else if (word == "len") {
      error.hint = "'len' follows 'type string' or 'type binary'";
    } else if (find_data_type(head.substr(0, head.find('('))) != nullptr) {
      error.hint = "what a table stores is one word with commas: store gpc0,conn_rate(10s)";
    }
  }

  void read_type() {
    const auto choice = args_.expect_choice("type of key", kTypes);
    has_type_ = true;  // a wrong one was reported: it is not missing as well
    if (!choice) return;
    table_.type = kKeyTypes[*choice];
    table_.key_length = kKeyLengths[*choice];
    if (table_.type < KeyType::string || !args_.take("len")) return;
    if (const auto length = args_.expect_integer("the length of keys", 1, kMaxKeyLength))
      table_.key_length = static_cast<std::uint32_t>(*length);
  }

  void read_size() {
    has_size_ = true;
    const SourcePosition at = args_.here();
    const auto size = args_.expect_size("the number of entries");
    if (!size) return;
    if (*size == 0 || *size > kMaxSize) {
      args_.error_at(at, fmt::format("a table has 1 to {} entries, not {}", kMaxSize, *size));
      return;
    }
    table_.size = *size;
  }

  // "gpc0,conn_rate(10s),gpc_rate(2,10s)": commas inside parentheses belong to the argument.
  void read_store() {
    const config::Word* word = args_.expect_word("what to store");
    if (word == nullptr) return;
    const std::string_view text = word->text;
    for (std::size_t start = 0; start < text.size();) {
      std::size_t end = start;
      for (int depth = 0; end < text.size() && (depth > 0 || text[end] != ','); ++end)
        depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
      SourcePosition at = word->at;
      if (!word->quoted && at.length == text.size()) {
        at.column += static_cast<std::uint32_t>(start);
        at.length = static_cast<std::uint32_t>(end - start);
      }
      read_column(text.substr(start, end - start), at);
      start = end + 1;
    }
  }

  void read_column(std::string_view text, SourcePosition at) {
    const std::size_t paren = text.find('(');
    const std::string_view name = text.substr(0, paren);
    const DataTypeRow* row = find_data_type(name);
    if (row == nullptr) {
      Diagnostic& error = args_.error_at(at, fmt::format("'{}' cannot be stored: there is no such data", name));
      const auto near = nearest_word(name.substr(0, 64), storable_names());
      if (!near.empty()) error.hint = fmt::format("did you mean '{}'?", near);
      return;
    }
    std::string_view arguments;
    if (paren != text.npos) {
      if (text.back() != ')') {
        args_.error_at(at, fmt::format("the parenthesis of '{}' is not closed", name));
        return;
      }
      arguments = text.substr(paren + 1, text.size() - paren - 2);
    }
    Column column{.type = row->type};
    if (read_column_arguments(*row, arguments, paren != text.npos, at, column)) add(column, *row, at);
  }

  bool read_column_arguments(const DataTypeRow& row, std::string_view arguments, bool given, SourcePosition at,
                             Column& column) {
    const bool rate = row.form == DataForm::rate;
    if (!rate && !row.is_array) {
      if (given) args_.error_at(at, fmt::format("'{}' takes no argument", row.name));
      return !given;
    }
    const std::string_view right = row.is_array ? rate ? "(2,10s)" : "(2)" : "(10s)";
    if (!given) {
      args_
          .error_at(at, fmt::format("'{}' needs {}", row.name,
                                    row.is_array ? rate ? "a number of elements and a period" : "a number of elements"
                                                 : "a period"))
          .hint = fmt::format("for example {}{}", row.name, right);
      return false;
    }
    if (row.is_array) {
      const std::size_t comma = rate ? arguments.find(',') : arguments.npos;
      const auto count = parse_integer(arguments.substr(0, comma), 1, kMaxArray);
      if (!count || (rate && comma == arguments.npos)) {
        args_.error_at(at, fmt::format("'{}' has 1 to {} elements{}", row.name, kMaxArray, rate ? " and a period" : ""))
            .hint = fmt::format("for example {}{}", row.name, right);
        return false;
      }
      column.count = static_cast<std::uint32_t>(*count);
      if (!rate) return true;
      arguments.remove_prefix(comma + 1);
    }
    const auto period = parse_time(arguments);
    if (!period || period->count() == 0) {
      args_
          .error_at(at, fmt::format("'{}' is no period of '{}'{}{}", arguments, row.name, period ? "" : ": ",
                                    period ? "" : period.error().message))
          .hint = fmt::format("for example {}{}", row.name, right);
      return false;
    }
    column.period = static_cast<std::uint32_t>(period->count());
    return true;
  }

  void add(const Column& column, const DataTypeRow& row, SourcePosition at) {
    struct Overlap {
      DataType array, single;
    };
    constexpr Overlap kOverlaps[] = {{DataType::gpt, DataType::gpt0},
                                     {DataType::gpc, DataType::gpc0},
                                     {DataType::gpc, DataType::gpc1},
                                     {DataType::gpc_rate, DataType::gpc0_rate},
                                     {DataType::gpc_rate, DataType::gpc1_rate}};
    for (const Overlap& overlap : kOverlaps) {
      if (column.type != overlap.array && column.type != overlap.single) continue;
      const DataType other = column.type == overlap.array ? overlap.single : overlap.array;
      if (find_column(table_, other) == nullptr) continue;
      args_.error_at(at, fmt::format("'{}' and '{}' cannot be stored in one table", row.name, row_of(other).name))
          .hint = fmt::format("the first elements of '{0}' serve as '{0}0' and its like", row_of(overlap.array).name);
      return;
    }
    if (find_column(table_, column.type) != nullptr) {
      args_.diagnostics().warning(at, fmt::format("'{}' is stored already; this one is ignored", row.name));
      return;
    }
    const auto place = std::ranges::upper_bound(table_.columns, column.type, {}, &Column::type);
    table_.columns.insert(place, column);
  }

  void finish() {
    if (!has_type_)
      args_.error("the type of keys is missing").hint = "add 'type' and one of ip, ipv6, integer, string, binary";
    if (!has_size_) args_.error("the number of entries is missing").hint = "add for example 'size 100k'";
    if (table_.nopurge && !table_.expire)
      args_.diagnostics()
          .warning(nopurge_at_, "a full table with 'nopurge' and without 'expire' takes no new entry ever")
          .hint = "add for example 'expire 1h'";
    if (table_.aggregate && table_.peers.empty() && !in_peers_)
      args_.error_at(table_.aggregate_at, "'aggregate' adds up what peers count, and the table has no 'peers'").hint =
          "name a peers section: peers farm";
    if (table_.aggregate && table_.recv_only)
      args_.error_at(table_.aggregate_at, "a table with 'recv-only' counts nothing, so nothing of it adds up");
    if (timeout_at_.line != 0 && !table_.aggregate)
      args_.error_at(timeout_at_, "'aggregate-timeout' means nothing without 'aggregate'");
  }

  config::Arguments& args_;
  TableConfig& table_;
  bool in_peers_;
  std::size_t errors_;
  bool has_type_ = false;
  bool has_size_ = false;
  SourcePosition nopurge_at_;
  SourcePosition timeout_at_;
};

bool check_write_to(const TableConfig& table, std::span<const TableConfig* const> tables, Diagnostics& diagnostics) {
  if (table.write_to.empty()) return true;
  const auto found = std::ranges::find(tables, table.write_to, &TableConfig::name);
  if (found == tables.end()) {
    std::vector<std::string_view> names;
    for (const TableConfig* one : tables) names.push_back(one->name);
    Diagnostic& error =
        diagnostics.error(table.write_to_at, fmt::format("'write-to': there is no table '{}'", table.write_to));
    if (const auto near = nearest_word(table.write_to, names); !near.empty())
      error.hint = fmt::format("did you mean '{}'?", near);
    return false;
  }
  if (*found == &table) {
    diagnostics.error(table.write_to_at, "'write-to': a table cannot be written to itself");
    return false;
  }
  if (same_keys(table, **found)) return true;
  diagnostics.error(table.write_to_at,
                    fmt::format("'write-to': the keys of table '{}' are of another type or length", table.write_to));
  return false;
}

}  // namespace

std::optional<TableConfig> parse_table_words(config::Arguments& args, std::string name, SourcePosition at,
                                             bool in_peers) {
  TableConfig table;
  table.name = std::move(name);
  table.at = at;
  if (!TableReader(args, table, in_peers).read()) return std::nullopt;
  return table;
}

std::optional<TableConfig> parse_table(config::ParseContext& context, const config::Line& line, std::string name) {
  config::Arguments args(context, line);
  if (args.example().empty()) args.set_example("stick-table type string len 32 size 10k expire 8h");
  return parse_table_words(args, std::move(name), line.at, false);
}

bool check_tables(std::span<const TableConfig* const> tables, std::span<const std::string_view> peers_sections,
                  Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.errors();
  config::UniqueNames names;
  for (const TableConfig* table : tables) {
    names.claim(table->name, table->at, "stick table", diagnostics);
    check_write_to(*table, tables, diagnostics);
    if (table->peers.empty() || std::ranges::find(peers_sections, table->peers) != peers_sections.end()) continue;
    Diagnostic& error = diagnostics.error(table->peers_at, fmt::format("there is no peers section '{}'", table->peers));
    if (const auto near = nearest_word(table->peers, peers_sections); !near.empty())
      error.hint = fmt::format("did you mean '{}'?", near);
  }
  return diagnostics.errors() == errors;
}

}  // namespace weir::stick
