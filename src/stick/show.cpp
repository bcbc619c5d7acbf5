#include "stick/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "stick/backlog.h"
#include "stick/lookup.h"

namespace weir::stick {
namespace {

using Words = std::span<const std::string_view>;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Comparison> comparison_named(std::string_view word) {
  constexpr std::string_view kNames[] = {"eq", "ne", "le", "ge", "lt", "gt"};
  const auto found = std::ranges::find(kNames, word);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Comparison>(found - std::begin(kNames));
}

bool holds(std::int64_t value, Comparison comparison, std::int64_t wanted) {
  switch (comparison) {
    case Comparison::eq: return value == wanted;
    case Comparison::ne: return value != wanted;
    case Comparison::le: return value <= wanted;
    case Comparison::ge: return value >= wanted;
    case Comparison::lt: return value < wanted;
    case Comparison::gt: return value > wanted;
  }
  return false;
}

/// One "data.<type>" or "data.<type>[<index>]".
struct DataName {
  const Column* column = nullptr;
  std::uint32_t index = 0;
};
Result<DataName> data_name(const TableConfig& table, std::string_view word) {
  std::string_view name = word.substr(std::string_view("data.").size());
  const std::size_t bracket = name.find('[');
  const DataTypeRow* row = find_data_type(name.substr(0, bracket));
  if (row == nullptr || (bracket != name.npos && (!row->is_array || name.back() != ']')))
    return fail("Unknown data type\n");
  DataName found;
  found.column = find_column(table, row->type);
  if (found.column == nullptr) return fail("Data type not stored in this table\n");
  if (bracket == name.npos) return found;
  const auto index = whole_number(name.substr(bracket + 1, name.size() - bracket - 2));
  if (!index || *index < 0 || *index >= found.column->count)
    return fail(fmt::format("The index must be a number from 0 to {}\n", found.column->count - 1));
  found.index = static_cast<std::uint32_t>(*index);
  return found;
}

Result<std::string> typed_key(const TableConfig& table, Words words, std::string_view verb) {
  if (words.size() < 2 || words[1].empty()) return fail("Key value expected\n");
  if (table.type == KeyType::binary)
    return fail(fmt::format("{} tables of type other than ip, ipv6, string and integer is not supported\n", verb));
  return key_from_text(table, words[1]);
}

Result<std::uintptr_t> typed_pointer(Words words) {
  std::string_view text = words.size() < 2 ? std::string_view() : words[1];
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uintptr_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return fail("Pointer value expected, as printed by \"show table\"\n");
  return value;
}

Result<std::vector<DataFilter>> data_filters(const TableConfig& table, Words words) {
  std::vector<DataFilter> filters;
  for (; !words.empty(); words = words.subspan(std::min<std::size_t>(3, words.size()))) {
    const std::size_t number = filters.size() + 1;
    // "show table <name>" and four filters are 15 words.
    if (number > kMaxDataFilters)
      return fail(fmt::format("Detected extra data in filter, 16th word of input, after '{}'\n", *(words.data() - 1)));
    const auto wrong = [number](std::string_view why) {
      return fail(fmt::format("Filter entry #{}: {}", number, why));
    };
    DataFilter filter;
    const bool named = words[0].starts_with("data.");
    if (named) {
      const auto name = data_name(table, words[0]);
      if (!name) return wrong(name.error().message);
      if (row_of(name->column->type).form == DataForm::text) return wrong("This data type is a text, not a number\n");
      filter.type = name->column->type;
      filter.index = name->index;
    }
    const auto comparison = words.size() > 1 && named ? comparison_named(words[1]) : std::nullopt;
    if (!comparison) return wrong("Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"\n");
    filter.comparison = *comparison;
    const auto value = words.size() > 2 ? whole_number(words[2]) : std::nullopt;
    if (!value) return wrong("Require a valid integer value to compare against\n");
    filter.value = *value;
    filters.push_back(filter);
  }
  return filters;
}

Result<TableSelection> parse_selection(const TableConfig& table, Words words, std::string_view verb,
                                       std::string_view usage) {
  TableSelection selection;
  if (words.empty()) return selection;
  if (words[0] == "key") {
    selection.by = TableSelection::By::key;
    auto key = typed_key(table, words, verb);
    if (!key) return unexpected(key.error());
    selection.key = std::move(*key);
  } else if (words[0] == "ptr") {
    selection.by = TableSelection::By::pointer;
    const auto pointer = typed_pointer(words);
    if (!pointer) return unexpected(pointer.error());
    selection.pointer = *pointer;
  } else if (words[0].starts_with("data.")) {
    selection.by = TableSelection::By::data;
    auto filters = data_filters(table, words);
    if (!filters) return unexpected(filters.error());
    selection.filters = std::move(*filters);
  } else {
    return fail(std::string(usage));
  }
  return selection;
}

/// Where a column's values begin in View::values.
std::size_t offset_of(const TableConfig& table, DataType type) {
  std::size_t offset = 0;
  for (const Column& column : table.columns) {
    if (column.type == type) break;
    offset += column.count;
  }
  return offset;
}

bool selected(const TableConfig& table, const TableSelection& selection, const StickTable::View& entry) {
  return std::ranges::all_of(selection.filters, [&](const DataFilter& filter) {
    const std::uint64_t value =
        shown_value(table, filter.type, entry.values[offset_of(table, filter.type) + filter.index]);
    return holds(static_cast<std::int64_t>(value), filter.comparison, filter.value);
  });
}

/// The one entry that a key or a pointer means.
std::optional<StickTable::View> chosen(StickTable& table, const TableSelection& selection, TimePoint now) {
  if (selection.by == TableSelection::By::key) return table.view_of(selection.key, now);
  const auto key = table.key_at(selection.pointer);
  return key ? table.view_of(*key, now) : std::nullopt;
}

}  // namespace

void write_table_header(const StickTable& table, std::string& out) {
  const TableConfig& config = table.config();
  fmt::format_to(std::back_inserter(out), "# table: {}, type: {}, size:{}, used:{}\n", config.name,
                 key_type_name(config.type), config.size, table.used());
}

void write_entry(const StickTable& table, const StickTable::View& entry, std::uint32_t shards, std::string& out) {
  const auto end = std::back_inserter(out);
  fmt::format_to(end, "{:#x}: key=", entry.address);
  write_key(table.config(), entry.key, out);
  fmt::format_to(end, " use={} exp={} shard={}", entry.uses, entry.expires_in.count(), shard_of(entry.key, shards));
  auto value = entry.values.begin();
  for (const Column& column : table.config().columns) {
    const DataTypeRow& row = row_of(column.type);
    // "gpc_rate" of an array is written gpc0_rate, gpc1_rate, ...
    const std::string_view stem = row.name.substr(0, row.name.find('_'));
    for (std::uint32_t i = 0; i < column.count; ++i, ++value) {
      out += ' ';
      if (row.is_array) {
        fmt::format_to(end, "{}{}{}", stem, i, row.name.substr(stem.size()));
      } else {
        out += row.name;
      }
      if (row.form == DataForm::rate) fmt::format_to(end, "({})", column.period);
      if (row.form == DataForm::text) {
        fmt::format_to(end, "={}", *value == 0 ? "-" : table.text_of_number(*value));
      } else {
        fmt::format_to(end, "={}", shown_value(table.config(), column.type, *value));
      }
    }
  }
  out += '\n';
}

Result<TableShow> parse_show(const TableConfig& table, Words words) {
  auto selection =
      parse_selection(table, words, "Showing keys from",
                      "Optional argument only supports \"data.<store_data_type>\" <operator> <value> and key <key>\n");
  if (!selection) return unexpected(selection.error());
  TableShow show;
  show.selection = std::move(*selection);
  return show;
}

bool show_some(StickTable& table, TableShow& show, std::string& out, TimePoint now, std::size_t budget) {
  using By = TableSelection::By;
  if (show.selection.by == By::key || show.selection.by == By::pointer) {
    const auto entry = chosen(table, show.selection, now);
    if (!entry) return true;
    write_table_header(table, out);
    write_entry(table, *entry, show.shards, out);
    return true;
  }
  if (!show.headed) write_table_header(table, out);
  show.headed = true;
  std::vector<StickTable::View> entries;
  table.read_some(show.cursor, budget, now, entries);
  for (const StickTable::View& entry : entries)
    if (selected(table.config(), show.selection, entry)) write_entry(table, entry, show.shards, out);
  return show.cursor.done;
}

Result<TableClear> parse_clear(const TableConfig& table, Words words) {
  auto selection = parse_selection(table, words, "Removing keys from", kClearUsage);
  if (!selection) return unexpected(selection.error());
  TableClear clear;
  clear.selection = std::move(*selection);
  return clear;
}

bool clear_some(StickTable& table, TableClear& clear, std::string& out, TimePoint now, std::size_t budget) {
  using By = TableSelection::By;
  if (clear.selection.by == By::key || clear.selection.by == By::pointer) {
    const auto removal = clear.selection.by == By::key ? table.remove(clear.selection.key, now)
                                                       : table.remove_at(clear.selection.pointer, now);
    if (removal == StickTable::Removal::in_use) out += "Entry currently in use, cannot remove\n";
    return true;
  }
  std::vector<StickTable::View> entries;
  table.read_some(clear.cursor, budget, now, entries);
  for (const StickTable::View& entry : entries)
    if (selected(table.config(), clear.selection, entry)) (void)table.remove(entry.key, now);
  return clear.cursor.done;
}

namespace {

struct Setting {
  DataName name;
  std::int64_t number = 0;
  std::string_view text;
};

/// All changes are read before the first is made: a wrong word changes nothing.
Result<std::vector<Setting>> parse_changes(const TableConfig& table, Words words) {
  std::vector<Setting> changes;
  for (; !words.empty(); words = words.subspan(2)) {
    if (!words[0].starts_with("data.")) return fail("\"data.<type>\" followed by a value expected\n");
    const auto name = data_name(table, words[0]);
    if (!name) return unexpected(name.error());
    Setting change{.name = *name};
    if (row_of(name->column->type).form == DataForm::text) {
      if (words.size() < 2) return fail("Require a value to store\n");
      change.text = words[1];
    } else {
      const auto number = words.size() > 1 ? whole_number(words[1]) : std::nullopt;
      if (!number) return fail("Require a valid integer value to store\n");
      change.number = *number;
    }
    changes.push_back(change);
  }
  return changes;
}

}  // namespace

std::string set_table(StickTable& table, Words words, TimePoint now) {
  if (!words.empty() && words[0].starts_with("data."))
    return "content-based lookup is only supported with the \"show\" and \"clear\" actions\n";
  auto selection = parse_selection(table.config(), words.first(std::min<std::size_t>(2, words.size())),
                                   "Inserting keys into", kSetUsage);
  if (!selection) return selection.error().message;
  if (selection->by == TableSelection::By::all) return std::string(kSetUsage);
  const auto changes = parse_changes(table.config(), words.subspan(2));
  if (!changes) return changes.error().message;
  if (selection->by == TableSelection::By::pointer) {
    const auto key = table.key_at(selection->pointer);
    if (!key) return "No entry at this pointer\n";
    selection->key = *key;
  }
  const auto pin = table.obtain(selection->key, now);
  if (!pin) return "Unable to allocate a new entry\n";
  // Who sets the id means that server: the name of the one before would win over it.
  for (const Setting& change : *changes)
    if (change.name.column->type == DataType::server_id) table.set_text(pin, DataType::server_key, {}, now);
  for (const Setting& change : *changes) {
    const DataType type = change.name.column->type;
    if (row_of(type).form == DataForm::text) {
      table.set_text(pin, type, change.text, now);
    } else {
      const std::uint64_t value = stored_value(table.config(), type, static_cast<std::uint64_t>(change.number));
      table.set(pin, type, value, now, change.name.index);
    }
  }
  return {};
}

}  // namespace weir::stick
