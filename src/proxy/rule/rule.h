// A rule: an action under a condition. The frame that every rule set (tcp-request connection, content, ...) runs on.
//
// Rules are read and compiled once and never change; running a set is a walk over an array. An action answers with a
// verdict. A condition that cannot be decided yet makes the set wait for more bytes, and then all rules are asked
// again, as the manual says of inspect-delay: one before it may decide otherwise now. An action that waits (capture,
// track-sc0) is itself the first to be asked again, what stands before it is done. COMPAT: observed on 2.6.
// Manual 4.3, 4.4.
//
// A family of actions is a table of rows in a file of its own (rule/verdict.cpp, rule/variable.cpp, ...), named in
// rule/actions.cpp. How an action reads its words: rule/action.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "sample/condition.h"

namespace weir::proxy {

struct Session;
class RuleCounts;
struct ActionReader;

enum class RuleSet : std::uint8_t {
  tcp_request_connection = 1,
  tcp_request_session = 2,
  tcp_request_content = 4,
  tcp_response_content = 8,
  http_request = 16,
  http_response = 32,
  http_after_response = 64,
};
/// Bits of RuleSet, as rows write them.
namespace rules_of {
constexpr std::uint8_t connection = 1, session = 2, content = 4, response = 8;
constexpr std::uint8_t requests = connection | session | content, all = requests | response;
constexpr std::uint8_t http_request = 16, http_response = 32, http_after = 64;
constexpr std::uint8_t http = http_request | http_response, http_all = http | http_after;
constexpr std::uint8_t everywhere = all | http_all;
}  // namespace rules_of

enum class Verdict : std::uint8_t {
  next,         // go on with the next rule
  accept,       // the set is over, the session goes on
  reject,       // the session is over
  close,        // tcp-response: the server's side is closed, the client keeps what it got
  silent_drop,  // the session is over and the client is not told
  wait,         // more bytes may decide
  deny,         // HTTP: refused, with the answer that the action left in the exchange
  tarpit,       // HTTP: the same after a while
  answer,       // HTTP: answered here, with what the action left in the exchange
  failed,       // HTTP: the action could not be done: an error of ours
};

struct ActionArgument {
  virtual ~ActionArgument() = default;  // the one place where a rule owns something of its action's own type
};

enum class ActionForm : std::uint8_t {
  word,         // accept
  parentheses,  // set-var(name): what is inside goes to ActionWord::arguments
  number,       // track-sc0: the number goes to ActionWord::number
};

/// One action of the language. A refused one has a reason and neither `parse` nor `apply`.
struct ActionRow {
  std::string_view name;  // without parentheses and number
  ActionForm form = ActionForm::word;
  std::uint8_t sets = 0;  // rules_of
  std::string_view arguments{};
  /// Takes the words behind the action's own, up to `if`/`unless`. False after errors. Null: there are none.
  bool (*parse)(ActionReader&) = nullptr;
  /// `context` knows what this set may look at; with context.final a wait is taken as next.
  Verdict (*apply)(const ActionArgument*, Session&, sample::Context& context) = nullptr;
  std::string_view doc;
  std::string_view example{};
  std::string_view reason{};
};

/// For the static_assert under each table.
template <std::size_t N>
constexpr bool well_formed_actions(const ActionRow (&rows)[N]) {
  for (std::size_t i = 0; i < N; i++) {
    if (i != 0 && !(rows[i - 1].name < rows[i].name)) return false;
    if (rows[i].sets == 0 || rows[i].name.empty()) return false;
    if (rows[i].reason.empty() && (rows[i].apply == nullptr || rows[i].doc.empty() || rows[i].example.empty()))
      return false;
  }
  return true;
}

struct Rule {
  const ActionRow* action = nullptr;
  std::shared_ptr<const ActionArgument> argument;
  sample::Condition condition;
  SourcePosition at;
  std::uint32_t number = 0;  // its place among RuleLines
};

/// All actions, in tables by family.
[[nodiscard]] std::span<const std::span<const ActionRow>> action_tables();
/// The row of `word` in `set`, or a row of that name of other sets, or nullptr.
[[nodiscard]] const ActionRow* find_action(std::string_view word, RuleSet set);

/// Walks `rules` from `next` on, which is left where to begin after a wait. `counts` are their proxy's; null: nobody
/// counts. A rule that waits is counted once it has decided.
Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session,
                  const RuleCounts* counts);

}  // namespace weir::proxy
