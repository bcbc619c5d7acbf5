// How an action of a rule reads its words: what parse functions of ActionRow get.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "config/arguments.h"
#include "proxy/rule/rule.h"
#include "sample/expression.h"
#include "sample/log_format.h"
#include "sample/registry.h"

namespace weir::proxy {

struct ProxyConfig;
class NameRefs;

/// The action's word, taken apart.
struct ActionWord {
  std::string_view text;  // as written
  SourcePosition at;
  std::string_view arguments;  // "name,cond" of set-var(name,cond)
  SourcePosition arguments_at;
  std::uint32_t number = 0;  // 2 of track-sc2
};

struct ActionReader {
  config::ParseContext& context;
  config::Arguments& args;
  ActionWord word;
  RuleSet set;
  ProxyConfig& proxy;          // may be a defaults section
  const sample::Scope& scope;  // of this rule set
  NameRefs& names;             // for a table, a backend, a server that the action itself names
  std::shared_ptr<const ActionArgument>& out;

  /// The next word as an expression. nullopt after errors.
  std::optional<sample::Expression> expression(std::string_view what);
  /// The next word as a format, for text.
  std::shared_ptr<const sample::LogFormat> format(std::string_view what);
  /// Arguments in parentheses, cut at commas: "a", "b" of "a,b"; at their own columns.
  struct Part {
    std::string_view text;
    SourcePosition at;
  };
  [[nodiscard]] std::vector<Part> parts() const;
  /// Reports at a place. Always false.
  bool error(SourcePosition at, std::string message, std::string hint = {});
};

/// An argument that is one expression.
struct ExpressionArgument final : ActionArgument {
  sample::Expression expression;
};
/// Reads it: the parse function of actions that take an expression and nothing else.
bool parse_expression_argument(ActionReader& reader);

}  // namespace weir::proxy
