// The lines that declare and use stick tables: `stick-table` (and `table` of peers sections), `stick on|match|store-*`.
//
// What a line says becomes a value; names are checked when all sections are known, by check_tables() and check_rule(),
// because a table may be declared below the line that uses it. A key is a sample turned into the table's own type by
// the same casts that converters use. Manual: 11.1, 4.2 (stick).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "config/arguments.h"
#include "config/keyword.h"
#include "config/parser.h"
#include "sample/acl.h"
#include "sample/arena.h"
#include "sample/condition.h"
#include "sample/expression.h"
#include "stick/table.h"

namespace weir::stick {

/// The words behind `stick-table`. The table bears the section's name. nullopt after errors.
[[nodiscard]] std::optional<TableConfig> parse_table(config::ParseContext& context, const config::Line& line,
                                                     std::string name);
/// The same words wherever they stand; `in_peers`: a `table` line of a peers section, which has no `peers` of its own.
[[nodiscard]] std::optional<TableConfig> parse_table_words(config::Arguments& args, std::string name, SourcePosition at,
                                                           bool in_peers);

struct StickRule {
  enum class Kind : std::uint8_t { match, store_request, store_response };  // `on`: match and store both
  Kind kind = Kind::match;
  bool match = false;  // looks the key up before a server is picked
  bool store = false;  // stores the server that was picked, or that answered
  std::string table;   // empty: the proxy's own
  SourcePosition table_at;
  sample::Expression key;
  sample::Condition condition;
  SourcePosition at;
  std::uint32_t number = 0;  // its place among the rules of its proxy
};

/// A line beginning with `stick`. The scope of the line's expression and condition is the response's for
/// store-response, else the request's. Works for rows named "stick" as well as "stick on", "stick match", ...
[[nodiscard]] std::optional<StickRule> parse_stick_rule(config::ParseContext& context, const config::Line& line,
                                                        const sample::AclSet& acls, const sample::Scope& request_scope,
                                                        const sample::Scope& response_scope);

/// Whether an expression of this type may be a key of the table.
[[nodiscard]] bool key_fits(const TableConfig& table, sample::Type type);
/// Once the rule's table is known: reports a key that cannot be one of the table's. False after an error.
bool check_rule(const StickRule& rule, const TableConfig& table, Diagnostics& diagnostics);
/// `stick` rules keep the server's id and its key (name or address, by `srvkey`); the columns are added when the table
/// did not ask for them. Call before the table is made.
void store_server_id(TableConfig& table);
/// Once all sections are known: names twice, `write-to` and `peers` that are not there or do not fit. False after
/// errors.
bool check_tables(std::span<const TableConfig* const> tables, std::span<const std::string_view> peers_sections,
                  Diagnostics& diagnostics);

/// The bytes StickTable wants for this value: addresses in network order, integers as 4 bytes in host order, text as it
/// is, strings up to their first zero byte. Borrows from the sample or the arena. nullopt when the value has no such
/// form: then there is no key. An empty text is no key either.
[[nodiscard]] std::optional<std::string_view> table_key(const TableConfig& table, const sample::Sample& sample,
                                                        sample::Arena& arena);
/// The way back: a table's bytes as the value they stand for. Text borrows from `key`.
[[nodiscard]] sample::Sample key_sample(const TableConfig& table, std::string_view key);

}  // namespace weir::stick
