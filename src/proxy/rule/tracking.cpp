// Actions about counters of stick tables: what a session tracks, and what rules write into tracked entries.
// Manual: 4.4, track-sc0, sc-inc-gpc and their like; tune.stick-counters.
//
// An action whose counter tracks nothing, or whose table does not store what it writes, does nothing: the manual says
// that they fail silently.
#include <fmt/format.h>

#include <limits>

#include "proxy/keyword/build.h"
#include "proxy/names.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/rule/tracking.h"
#include "proxy/tcp/session.h"
#include "proxy/tcp/tracks.h"
#include "stick/config.h"
#include "stick/convert.h"

namespace weir::proxy {
namespace {

using stick::DataType;

struct TrackArgument final : ActionArgument {
  std::uint32_t counter = 0;
  sample::Expression key;
  const stick::TableRef* table = nullptr;
};

struct CounterArgument final : ActionArgument {
  std::uint32_t index = 0;
  std::uint32_t counter = 0;
  std::uint32_t number = 1;
  sample::Expression value;  // empty: the number
};

bool counter_exists(ActionReader& reader, std::uint64_t counter, SourcePosition at) {
  const std::uint32_t limit = reader.context.model<Build>().config.global.stick_counters;
  if (counter < limit) return true;
  return reader.error(at, fmt::format("'{}': a connection tracks {} counters, from 0 on", reader.word.text, limit),
                      "'tune.stick-counters' in the global section, above this line, allows more");
}

bool parse_track(ActionReader& reader) {
  if (!counter_exists(reader, reader.word.number, reader.word.at)) return false;
  auto argument = std::make_shared<TrackArgument>();
  argument->counter = reader.word.number;
  auto key = reader.expression("an expression that gives the key");
  if (!key) return false;
  argument->key = std::move(*key);
  std::string_view name;
  SourcePosition at = reader.args.here();
  if (reader.args.take("table")) {
    at = reader.args.here();
    const config::Word* word = reader.args.expect_word("the name of a table");
    if (word == nullptr) return false;
    name = word->text;
  }
  argument->table = reader.names.table(name, at);
  if (argument->table == nullptr)
    return reader.error(at, fmt::format("'{}' names no table, and a defaults section has none", reader.word.text),
                        "add 'table <name>'");
  reader.out = std::move(argument);
  return true;
}

bool read_number(ActionReader& reader, const ActionReader::Part& part, std::int64_t most, std::string_view what,
                 std::uint32_t& out) {
  const auto number = parse_integer(part.text, 0, most);
  if (!number) return reader.error(part.at, fmt::format("'{}' is no {}: 0 to {}", part.text, what, most));
  out = static_cast<std::uint32_t>(*number);
  return true;
}

/// "(<idx>,<sc-id>)" or "(<sc-id>)".
std::shared_ptr<CounterArgument> read_counter(ActionReader& reader, bool indexed) {
  const auto parts = reader.parts();
  if (parts.size() != (indexed ? 2U : 1U)) {
    reader.error(reader.word.arguments_at,
                 indexed ? "in parentheses stand the index in the array and the counter, such as (0,1)"
                         : "in parentheses stands the counter, such as (0)");
    return nullptr;
  }
  auto argument = std::make_shared<CounterArgument>();
  if (indexed && !read_number(reader, parts[0], stick::kMaxArray - 1, "index of an array", argument->index))
    return nullptr;
  if (!read_number(reader, parts.back(), kMaxStickCounters - 1, "counter", argument->counter)) return nullptr;
  if (!counter_exists(reader, argument->counter, parts.back().at)) return nullptr;
  return argument;
}

template <bool indexed>
bool parse_increase(ActionReader& reader) {
  reader.out = read_counter(reader, indexed);
  return reader.out != nullptr;
}

// A word of digits is a number, any other one an expression.
template <bool indexed>
bool parse_value(ActionReader& reader) {
  auto argument = read_counter(reader, indexed);
  if (!argument) return false;
  const config::Word* word = reader.args.peek();
  if (word != nullptr && !word->text.empty() && word->text.find_first_not_of("0123456789") == std::string::npos) {
    reader.args.next();
    if (!read_number(reader, {word->text, word->at}, std::numeric_limits<std::uint32_t>::max(), "number of 32 bits",
                     argument->number))
      return false;
  } else {
    auto value = reader.expression("a number, or an expression that gives one");
    if (!value) return false;
    argument->value = std::move(*value);
  }
  reader.out = std::move(argument);
  return true;
}

// The first key of a counter stays. One that is not there yet is waited for, one that never comes tracks nothing.
Verdict track(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const TrackArgument*>(given);
  stick::StickTable* table = argument.table->get();
  if (table == nullptr || tracked(session, argument.counter) != nullptr) return Verdict::next;
  sample::Sample value;
  switch (argument.key.evaluate(context, value)) {
    case sample::FetchStatus::need_more: return Verdict::wait;
    case sample::FetchStatus::absent: return Verdict::next;
    case sample::FetchStatus::ok: break;
  }
  if (const auto key = stick::table_key(table->config(), value, context.arena))
    start_tracking(session, argument.counter, *table, *key);
  return Verdict::next;
}

template <DataType counter, DataType rate>
Verdict increase(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const CounterArgument*>(given);
  if (const auto* pin = tracked(session, argument.counter))
    pin->table()->count_event(*pin, counter, rate, 1, context.now, argument.index);
  return Verdict::next;
}

enum class Value : std::uint8_t { there, later, never };
Value value_of(const CounterArgument& argument, sample::Context& context, std::uint32_t& out) {
  out = argument.number;
  if (argument.value.empty()) return Value::there;
  sample::Sample value;
  switch (argument.value.evaluate(context, value)) {
    case sample::FetchStatus::need_more: return Value::later;
    case sample::FetchStatus::absent: return Value::never;
    case sample::FetchStatus::ok: break;
  }
  if (!sample::cast(value, sample::Type::integer, context.arena) || value.as_integer() < 0 ||
      value.as_integer() > std::numeric_limits<std::uint32_t>::max())
    return Value::never;
  out = static_cast<std::uint32_t>(value.as_integer());
  return Value::there;
}

Verdict sc_add_gpc(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const CounterArgument*>(given);
  const auto* pin = tracked(session, argument.counter);
  if (pin == nullptr) return Verdict::next;
  std::uint32_t amount = 0;
  const Value value = value_of(argument, context, amount);
  if (value == Value::there)
    pin->table()->count_event(*pin, DataType::gpc, DataType::gpc_rate, amount, context.now, argument.index);
  return value == Value::later ? Verdict::wait : Verdict::next;
}

template <DataType tag>
Verdict set_tag(const ActionArgument* given, Session& session, sample::Context& context) {
  const auto& argument = *static_cast<const CounterArgument*>(given);
  const auto* pin = tracked(session, argument.counter);
  if (pin == nullptr) return Verdict::next;
  std::uint32_t number = 0;
  const Value value = value_of(argument, context, number);
  if (value == Value::there) pin->table()->set(*pin, tag, number, context.now, argument.index);
  return value == Value::later ? Verdict::wait : Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "sc-add-gpc",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<index>,<counter>) <number>|<expression>",
     .parse = parse_value<true>,
     .apply = sc_add_gpc,
     .doc = "Adds a number to a general purpose counter of the tracked entry's array, and to its rate.",
     .example = "tcp-request content sc-add-gpc(0,0) 5"},
    {.name = "sc-inc-gpc",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<index>,<counter>)",
     .parse = parse_increase<true>,
     .apply = increase<DataType::gpc, DataType::gpc_rate>,
     .doc = "Adds one to a general purpose counter of the tracked entry's array, and to its rate.",
     .example = "tcp-request connection sc-inc-gpc(0,0)"},
    {.name = "sc-inc-gpc0",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<counter>)",
     .parse = parse_increase<false>,
     .apply = increase<DataType::gpc0, DataType::gpc0_rate>,
     .doc = "Adds one to the first general purpose counter of the tracked entry, and to its rate.",
     .example = "tcp-request connection sc-inc-gpc0(0)"},
    {.name = "sc-inc-gpc1",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<counter>)",
     .parse = parse_increase<false>,
     .apply = increase<DataType::gpc1, DataType::gpc1_rate>,
     .doc = "Adds one to the second general purpose counter of the tracked entry, and to its rate.",
     .example = "tcp-request connection sc-inc-gpc1(0)"},
    {.name = "sc-set-gpt",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<index>,<counter>) <number>|<expression>",
     .parse = parse_value<true>,
     .apply = set_tag<DataType::gpt>,
     .doc = "Sets a general purpose tag of the tracked entry's array.",
     .example = "tcp-request connection sc-set-gpt(1,0) 7"},
    {.name = "sc-set-gpt0",
     .form = ActionForm::parentheses,
     .sets = rules_of::everywhere,
     .arguments = "(<counter>) <number>|<expression>",
     .parse = parse_value<false>,
     .apply = set_tag<DataType::gpt0>,
     .doc = "Sets the first general purpose tag of the tracked entry.",
     .example = "tcp-request connection sc-set-gpt0(0) 1 if { src 192.0.2.0/24 }"},
    {.name = "track-sc",
     .form = ActionForm::number,
     .sets = rules_of::requests | rules_of::http,
     .arguments = "<key> [table <table>]",
     .parse = parse_track,
     .apply = track,
     .doc = "Counts the connection in the entry of the key from now on, with the counter of that number.",
     .example = "tcp-request connection track-sc0 src table clients"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> tracking_actions{kRows};

std::optional<TrackedKey> tracked_key(const Rule& rule) {
  if (rule.action->apply != track) return std::nullopt;
  const auto& argument = *static_cast<const TrackArgument*>(rule.argument.get());
  return TrackedKey{&argument.key, argument.table->name};
}

}  // namespace weir::proxy
