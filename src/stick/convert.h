// The converters that look a key up in a stick table: in_table, table_server_id, table_conn_cnt, ...
//
// Rows for the sample registry. The argument `table` is resolved by Scope::names, which answers ArgKind::table with a
// StickTable*, as table_object() makes it, and an empty name with the current proxy's own table. Manual: 7.3.1.
#pragma once

#include <span>

#include "sample/rows.h"
#include "stick/table.h"

namespace weir::stick {

extern const std::span<const sample::Converter> table_converters;
[[nodiscard]] std::span<const std::span<const sample::Converter>> stick_converters();

/// What a NameResolver returns for ArgKind::table.
[[nodiscard]] inline const void* table_object(StickTable* table) { return table; }

}  // namespace weir::stick
