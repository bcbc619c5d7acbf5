// A rule: an action under a condition. The frame that every rule set (tcp-request connection, content, ...) runs on.
//
// Rules are read and compiled once and never change; running a set is a walk over an array. An action answers with a
// verdict; a condition that cannot be decided yet makes the set wait for more bytes. Manual 4.3, 4.4.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "config/arguments.h"
#include "sample/condition.h"

namespace weir::proxy {

struct Session;

enum class RuleSet : std::uint8_t { tcp_request_connection = 1, tcp_request_content = 2 };

enum class Verdict : std::uint8_t {
  next,    // go on with the next rule
  accept,  // the set is over, the session goes on
  reject,  // the session is over
  wait,    // more bytes may decide
};

struct ActionArgument {
  virtual ~ActionArgument() = default;  // the one place where a rule owns something of its action's own type
};

/// One action of the language. `parse` takes the words behind the action's name, up to `if`/`unless`.
struct ActionRow {
  std::string_view name;
  std::uint8_t sets = 0;  // bits of RuleSet
  bool (*parse)(config::ParseContext&, config::Arguments&, std::shared_ptr<const ActionArgument>&) = nullptr;
  Verdict (*apply)(const ActionArgument*, Session&) = nullptr;
  std::string_view doc;
  std::string_view example;
};

struct Rule {
  const ActionRow* action = nullptr;
  std::shared_ptr<const ActionArgument> argument;
  sample::Condition condition;
  SourcePosition at;
};

/// The actions of this layer.
extern const std::span<const ActionRow> tcp_actions;

/// Walks `rules` from `next` on, which is left at the rule to ask again after a wait.
Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session);

}  // namespace weir::proxy
