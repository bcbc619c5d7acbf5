// Actions on how a session is served: its place in queues, how often it is retried. Manual 4.4: set-nice,
// set-priority-class, set-priority-offset, set-retries.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/model.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

constexpr std::int64_t kClasses = 2047;
constexpr std::int64_t kOffsets = 524'287;
constexpr std::int64_t kMostRetries = 100;

std::optional<std::int64_t> integer_of(const ActionArgument* given, sample::Context& context) {
  sample::Sample value;
  if (static_cast<const ExpressionArgument*>(given)->expression.evaluate(context, value) != sample::FetchStatus::ok ||
      !sample::cast(value, sample::Type::integer, context.arena))
    return std::nullopt;
  return value.as_integer();
}

// A value that never comes leaves the place as it was.
Verdict set_priority_class(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto value = integer_of(given, context))
    extras(session).priority_class = static_cast<std::int16_t>(std::clamp(*value, -kClasses, kClasses));
  return Verdict::next;
}

Verdict set_priority_offset(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto value = integer_of(given, context))
    extras(session).priority_offset = static_cast<std::int32_t>(std::clamp(*value, -kOffsets, kOffsets));
  return Verdict::next;
}

// Manual: a number, or an expression; of the proxy that has the servers.
bool parse_retries(ActionReader& reader) {
  if (!reader.proxy.is_backend() || reader.proxy.name.empty() ||
      reader.context.section_kind() == config::SectionKind::defaults)
    return reader.error(reader.args.here(), "'set-retries' belongs to a proxy with servers");
  const config::Word* word = reader.args.peek();
  if (word != nullptr && word->text.find_first_not_of("0123456789") == std::string::npos) {
    const auto number = reader.args.expect_integer("the number of retries", 0, kMostRetries);
    if (!number) return false;
    const std::string text = fmt::format("int({})", *number);
    auto constant = sample::Expression::compile(text, reader.scope, word->at, reader.context.diagnostics());
    if (!constant) return false;
    auto argument = std::make_shared<ExpressionArgument>();
    argument->expression = std::move(*constant);
    reader.out = std::move(argument);
    return true;
  }
  return parse_expression_argument(reader);
}

Verdict set_retries(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto value = integer_of(given, context); value && *value >= 0 && *value <= kMostRetries)
    extras(session).retries = static_cast<std::uint8_t>(*value);
  return Verdict::next;
}

// Sessions are plain structs that run when they have something to do: there is no scheduler to be nice to.
bool parse_nice(ActionReader& reader) {
  const auto at = reader.args.here();
  if (!reader.args.expect_integer("the niceness", -1024, 1024)) return false;
  reader.context.diagnostics().notice(at, "'set-nice' changes nothing: sessions have no priority over each other");
  return true;
}
Verdict set_nice(const ActionArgument*, Session&, sample::Context&) { return Verdict::next; }

constexpr ActionRow kRows[] = {
    {.name = "set-nice",
     .sets = rules_of::content | rules_of::response | rules_of::http,
     .arguments = "<nice>",
     .parse = parse_nice,
     .apply = set_nice,
     .doc = "Accepted with a notice: sessions have no priority over each other while they run.",
     .example = "tcp-request content set-nice 5"},
    {.name = "set-priority-class",
     .sets = rules_of::content | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_priority_class,
     .doc = "The session's class in queues, from -2047 to 2047: the lower is served first.",
     .example = "tcp-request content set-priority-class int(-1) if { src 192.0.2.0/24 }"},
    {.name = "set-priority-offset",
     .sets = rules_of::content | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_priority_offset,
     .doc = "Milliseconds on the session's arrival in queues, within its class: the lower is served first.",
     .example = "tcp-request content set-priority-offset int(-5000) if { src 192.0.2.0/24 }"},
    {.name = "set-retries",
     .sets = rules_of::content | rules_of::http_request,
     .arguments = "<retries>|<expression>",
     .parse = parse_retries,
     .apply = set_retries,
     .doc = "How often a failed connection of this session is tried again, in place of 'retries'.",
     .example = "tcp-request content set-retries 5"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> order_actions{kRows};

}  // namespace weir::proxy
