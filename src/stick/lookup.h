// One value of a table as fetches and converters give it, whoever names the entry: a key, or a pin that tracks it.
//
// A key that the table does not know reads as 0. A column that the table does not store gives nothing, save that
// counting it up gives 0; an index behind the end of an array reads as 0. Manual: 7.3.1 (table_*), 7.3.3 (sc*, src_*).
// COMPAT: what is absent and what is 0 as observed on 2.6, but for the indices, which it calls absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sample/args.h"
#include "sample/context.h"
#include "sample/value.h"
#include "stick/data_type.h"
#include "stick/table.h"

namespace weir::stick {

struct Wanted {
  DataType type = DataType::conn_cnt;
  std::uint32_t index = 0;
  std::uint32_t divisor = 1;  // 1024: kilobytes
};

/// A counter and the rate that belongs to it: counting one up is an event of the other.
struct Counter {
  DataType counter = DataType::gpc;
  DataType rate = DataType::gpc_rate;
  std::uint32_t index = 0;
};
enum class Change : std::uint8_t { increase, clear };

/// The table that an argument names; null when it names none, or was left out.
[[nodiscard]] StickTable* table_of(const sample::Args& args, std::size_t number);

/// What people see of a column's value: byte rates count in blocks of brates-factor bytes.
[[nodiscard]] std::uint64_t shown_value(const TableConfig& table, DataType type, std::uint64_t value);
[[nodiscard]] std::uint64_t stored_value(const TableConfig& table, DataType type, std::uint64_t shown);

/// False: there is no such value. Without a key it is that of a key the table does not know.
bool give(StickTable& table, std::optional<std::string_view> key, const Wanted& wanted, TimePoint now,
          sample::Sample& out);
bool give(StickTable& table, const StickTable::Pin& pin, const Wanted& wanted, TimePoint now, sample::Sample& out);

/// The new value of a counter that went up, the last one of a counter that was cleared.
bool change(StickTable& table, const StickTable::Pin& pin, const Counter& counter, Change what, TimePoint now,
            sample::Sample& out);
/// The same by key, which makes the entry when there is none.
bool change(StickTable& table, std::optional<std::string_view> key, const Counter& counter, Change what, TimePoint now,
            sample::Sample& out);

}  // namespace weir::stick
