// `stick on|match|store-request|store-response <expression> [table <name>] [if|unless <condition>]`. Manual: 4.2.
#include <fmt/format.h>

#include <algorithm>

#include "stick/config.h"

namespace weir::stick {
namespace {

constexpr std::string_view kKinds[] = {"on", "match", "store-request", "store-response"};
constexpr std::string_view kExample = "stick on rdp_cookie(mstshash)";

bool read_condition(config::Arguments& args, const sample::AclSet& acls, const sample::Scope& scope, StickRule& rule) {
  if (args.at_end()) return true;
  if (*args.peek() != "if" && *args.peek() != "unless") {
    args.error(fmt::format("unexpected word '{}'", args.peek()->text)).hint =
        "behind the expression come 'table <name>' and 'if' or 'unless' with a condition";
    return false;
  }
  std::vector<sample::Word> words;
  for (const config::Word& word : args.rest()) words.push_back({word.text, word.at});
  auto condition = sample::Condition::compile(words, acls, scope, args.diagnostics());
  if (!condition) return false;
  rule.condition = std::move(*condition);
  return true;
}

}  // namespace

std::optional<StickRule> parse_stick_rule(config::ParseContext& context, const config::Line& line,
                                          const sample::AclSet& acls, const sample::Scope& request_scope,
                                          const sample::Scope& response_scope) {
  config::Arguments args(context.diagnostics(), line.words.subspan(1), "'stick'", line.end, kExample);
  const auto kind = args.expect_choice("kind of stick rule", kKinds);
  if (!kind) return std::nullopt;
  args.set_subject(fmt::format("'stick {}'", kKinds[*kind]));
  StickRule rule;
  rule.at = line.at;
  rule.match = *kind <= 1;
  rule.store = *kind != 1;
  rule.kind = *kind <= 1   ? StickRule::Kind::match
              : *kind == 2 ? StickRule::Kind::store_request
                           : StickRule::Kind::store_response;
  const sample::Scope& scope = rule.kind == StickRule::Kind::store_response ? response_scope : request_scope;

  const config::Word* text = args.expect_word("an expression that gives the key");
  if (text == nullptr) return std::nullopt;
  auto key = sample::Expression::compile(text->text, scope, text->at, args.diagnostics());
  bool good = key.has_value();
  if (good) rule.key = std::move(*key);
  if (args.take("table")) {
    rule.table_at = args.here();
    const config::Word* table = args.expect_word("the name of a table");
    if (table == nullptr) return std::nullopt;
    rule.table = table->text;
  }
  good = read_condition(args, acls, scope, rule) && good;
  if (!good) return std::nullopt;
  return rule;
}

bool check_rule(const StickRule& rule, const TableConfig& table, Diagnostics& diagnostics) {
  const sample::Type type = rule.key.type();
  if (key_fits(table, type)) return true;
  diagnostics
      .error(rule.at, fmt::format("'{}' gives {}, which can be no key of table '{}': its keys are of type {}",
                                  rule.key.text(), sample::type_name(type), table.name, key_type_name(table.type)))
      .example = kExample;
  return false;
}

void store_server_id(TableConfig& table) {
  for (const DataType type : {DataType::server_id, DataType::server_key}) {
    if (find_column(table, type) != nullptr) continue;
    const auto place = std::ranges::upper_bound(table.columns, type, {}, &Column::type);
    table.columns.insert(place, Column{.type = type});
  }
}

}  // namespace weir::stick
