// The converters that look a key up in a stick table: in_table, table_server_id, table_conn_cnt, ...
//
// An expression is compiled before the tables of its plan exist, and a table may be declared below its first use. So
// the argument `table` becomes a TableRef, a place that is bound to the table once all are known. A NameResolver of one
// proxy answers ArgKind::table through resolve_table(), with a TableScope as its `self`:
//
//   TableRefs refs;                                             // of the plan; outlives its expressions
//   const TableScope own{&refs, "bk_rdp"};
//   const sample::NameResolver names{&own, resolve_table_name};  // or call resolve_table() from another resolver
//   ... compile ...
//   for (const std::string& name : refs.bind(tables)) ...        // names that are no table's
//
// Converters read; only table_inc_gpc and table_clr_gpc and their like change an entry. Manual: 7.3.1.
#pragma once

#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sample/rows.h"
#include "stick/registry.h"
#include "stick/table.h"

namespace weir::stick {

extern const std::span<const sample::Converter> table_converters;
/// `table_cnt`, `table_avl`.
extern const std::span<const sample::Fetch> table_fetches;
/// `src_conn_cnt` and all others that look the client's address up.
extern const std::span<const sample::Fetch> source_fetches;
[[nodiscard]] std::span<const std::span<const sample::Converter>> stick_converters();
[[nodiscard]] std::span<const std::span<const sample::Fetch>> stick_fetches();

/// Where the table of an expression will be. Unbound ones make the expression absent.
struct TableRef {
  std::string name;
  StickTable* table = nullptr;  // as bound; whoever binds it keeps it alive
  /// Who speaks an older configuration is led to the table that took over since.
  [[nodiscard]] StickTable* get() const { return table != nullptr ? &table->latest() : nullptr; }
};

class TableRefs {
 public:
  /// The one place of that name; good as long as this object lives.
  TableRef* ref(std::string_view name);
  /// Before the plan is used; returns the names that no table bears.
  std::vector<std::string> bind(const TableRegistry& tables);
  [[nodiscard]] const std::list<TableRef>& all() const { return refs_; }

 private:
  std::list<TableRef> refs_;
};

struct TableScope {
  TableRefs* refs = nullptr;
  std::string_view own;  // the current proxy's table
};
[[nodiscard]] const void* resolve_table(const TableScope& scope, std::string_view name);
/// A NameResolver::resolve that knows tables only; `self` is a TableScope.
[[nodiscard]] const void* resolve_table_name(const void* self, sample::ArgKind kind, std::string_view name,
                                             SourcePosition at);

}  // namespace weir::stick
