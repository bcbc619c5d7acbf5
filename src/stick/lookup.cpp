#include "stick/lookup.h"

#include <algorithm>

#include "stick/convert.h"

namespace weir::stick {
namespace {

bool is_byte_rate(DataType type) { return type == DataType::bytes_in_rate || type == DataType::bytes_out_rate; }

bool give_reading(const StickTable& table, const StickTable::Reading& reading, const Wanted& wanted,
                  sample::Sample& out) {
  using State = StickTable::Reading::State;
  if (reading.state == State::no_column && (wanted.index == 0 || !table.stores(wanted.type))) return false;
  const std::uint64_t value = shown_value(table.config(), wanted.type, reading.value) / wanted.divisor;
  out = sample::Sample::integer(static_cast<std::int64_t>(value));
  return true;
}

}  // namespace

StickTable* table_of(const sample::Args& args, std::size_t number) {
  if (!args.has(number) || args[number].object == nullptr) return nullptr;
  return static_cast<const TableRef*>(args[number].object)->get();
}

std::uint64_t shown_value(const TableConfig& table, DataType type, std::uint64_t value) {
  return is_byte_rate(type) ? value * std::max<std::uint32_t>(1, table.bytes_rate_factor) : value;
}

std::uint64_t stored_value(const TableConfig& table, DataType type, std::uint64_t shown) {
  return is_byte_rate(type) ? shown / std::max<std::uint32_t>(1, table.bytes_rate_factor) : shown;
}

bool give(StickTable& table, std::optional<std::string_view> key, const Wanted& wanted, TimePoint now,
          sample::Sample& out) {
  const auto reading = key ? table.read(*key, wanted.type, now, wanted.index) : StickTable::Reading{};
  return give_reading(table, reading, wanted, out);
}

bool give(StickTable& table, const StickTable::Pin& pin, const Wanted& wanted, TimePoint now, sample::Sample& out) {
  return give_reading(table, table.read(pin, wanted.type, now, wanted.index), wanted, out);
}

bool change(StickTable& table, const StickTable::Pin& pin, const Counter& counter, Change what, TimePoint now,
            sample::Sample& out) {
  const auto value = what == Change::increase
                         ? table.count_event(pin, counter.counter, counter.rate, 1, now, counter.index)
                         : table.exchange(pin, counter.counter, 0, now, counter.index);
  if (!value && what == Change::clear) return false;
  out = sample::Sample::integer(static_cast<std::int64_t>(value.value_or(0)));
  return true;
}

bool change(StickTable& table, std::optional<std::string_view> key, const Counter& counter, Change what, TimePoint now,
            sample::Sample& out) {
  if (!key) return false;
  const bool stored = table.stores(counter.counter, counter.index) ||
                      (what == Change::increase && table.stores(counter.rate, counter.index));
  if (!stored) {  // no entry is made for nothing
    out = sample::Sample::integer(0);
    return what == Change::increase;
  }
  const auto pin = table.obtain(*key, now);
  return pin && change(table, pin, counter, what, now, out);
}

}  // namespace weir::stick
