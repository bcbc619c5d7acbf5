// Actions on the sockets of a session: marks and types of service, and the drop that nobody hears.
//
// Towards the client they act at once; towards the server they are noted, for there is no socket yet. A mark needs
// CAP_NET_ADMIN; where the system forbids it the session goes on without. Manual 4.4: set-fc-mark, set-bc-mark,
// set-fc-tos, set-bc-tos and their old names, silent-drop.
#include <fmt/format.h>

#include <charconv>

#include "io/socket.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

struct NumberArgument final : ActionArgument {
  std::uint32_t number = 0;
  sample::Expression expression;  // empty: the number
};

// Decimal, or hexadecimal behind 0x. nullopt: no number at all.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  const int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <std::uint32_t most>
bool parse_number(ActionReader& reader) {
  auto argument = std::make_shared<NumberArgument>();
  const config::Word* word = reader.args.peek();
  const auto number = word == nullptr ? std::nullopt : whole_number(word->text);
  if (number) {
    if (*number > most) return reader.error(word->at, fmt::format("'{}' is above {}", word->text, most));
    argument->number = static_cast<std::uint32_t>(*number);
    reader.args.next();
  } else {
    auto expression = reader.expression("a number or an expression");
    if (!expression) return false;
    if (!sample::can_cast(expression->type(), sample::Type::integer))
      return reader.error(
          word->at, fmt::format("'{}' gives {}, not an integer", word->text, sample::type_name(expression->type())));
    argument->expression = std::move(*expression);
  }
  reader.out = std::move(argument);
  return true;
}

std::optional<std::uint32_t> number_of(const ActionArgument* given, sample::Context& context) {
  const auto& argument = *static_cast<const NumberArgument*>(given);
  if (argument.expression.empty()) return argument.number;
  sample::Sample value;
  if (argument.expression.evaluate(context, value) != sample::FetchStatus::ok ||
      !sample::cast(value, sample::Type::integer, context.arena))
    return std::nullopt;
  return static_cast<std::uint32_t>(value.as_integer());
}

Verdict set_client_mark(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto mark = number_of(given, context))
    static_cast<void>(io::set_mark(session.client.fd, *mark));  // a privilege: without it the session goes on
  return Verdict::next;
}
Verdict set_client_tos(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto tos = number_of(given, context)) io::set_tos(session.client.fd, static_cast<std::uint8_t>(*tos));
  return Verdict::next;
}
Verdict set_server_mark(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto mark = number_of(given, context)) extras(session).server_mark = *mark;
  return Verdict::next;
}
Verdict set_server_tos(const ActionArgument* given, Session& session, sample::Context& context) {
  if (const auto tos = number_of(given, context)) extras(session).server_tos = static_cast<std::uint8_t>(*tos);
  return Verdict::next;
}

bool parse_silent_drop(ActionReader& reader) {
  auto argument = std::make_shared<NumberArgument>();
  if (reader.args.take("rst-ttl")) {
    const auto ttl = reader.args.expect_integer("the time to live of the reset", 1, 255);
    if (!ttl) return false;
    argument->number = static_cast<std::uint32_t>(*ttl);
  }
  reader.out = std::move(argument);
  return true;
}

// The socket is made to end without a word, so that closing it later tells the client nothing.
Verdict silent_drop(const ActionArgument* given, Session& session, sample::Context&) {
  const auto ttl = static_cast<const NumberArgument*>(given)->number;
  session.silent_drop = true;
  io::silence(session.client.fd, static_cast<int>(ttl));
  return Verdict::silent_drop;
}

constexpr std::uint8_t kFirstMark = rules_of::all | rules_of::http;

constexpr ActionRow kRows[] = {
    {.name = "set-bc-mark",
     .sets = rules_of::content | rules_of::http_request,
     .arguments = "<mark>|<expression>",
     .parse = parse_number<UINT32_MAX>,
     .apply = set_server_mark,
     .doc = "The netfilter mark of the packets to the server.",
     .example = "tcp-request content set-bc-mark 0x20"},
    {.name = "set-bc-tos",
     .sets = rules_of::content | rules_of::http_request,
     .arguments = "<tos>|<expression>",
     .parse = parse_number<255>,
     .apply = set_server_tos,
     .doc = "The type of service (DSCP) of the packets to the server.",
     .example = "tcp-request content set-bc-tos 0x28"},
    {.name = "set-fc-mark",
     .sets = kFirstMark,
     .arguments = "<mark>|<expression>",
     .parse = parse_number<UINT32_MAX>,
     .apply = set_client_mark,
     .doc = "The netfilter mark of the packets to the client.",
     .example = "tcp-request connection set-fc-mark 0x20"},
    {.name = "set-fc-tos",
     .sets = kFirstMark,
     .arguments = "<tos>|<expression>",
     .parse = parse_number<255>,
     .apply = set_client_tos,
     .doc = "The type of service (DSCP) of the packets to the client.",
     .example = "tcp-request connection set-fc-tos 0x28"},
    {.name = "set-mark",
     .sets = kFirstMark,
     .arguments = "<mark>",
     .parse = parse_number<UINT32_MAX>,
     .apply = set_client_mark,
     .doc = "The old name of set-fc-mark.",
     .example = "tcp-request connection set-mark 0x20"},
    {.name = "set-tos",
     .sets = kFirstMark,
     .arguments = "<tos>",
     .parse = parse_number<255>,
     .apply = set_client_tos,
     .doc = "The old name of set-fc-tos.",
     .example = "tcp-request connection set-tos 0x28"},
    {.name = "silent-drop",
     .sets = rules_of::all | rules_of::http,
     .arguments = "[rst-ttl <ttl>]",
     .parse = parse_silent_drop,
     .apply = silent_drop,
     .doc = "Ends the session here without telling the client; with rst-ttl a reset goes that many hops.",
     .example = "tcp-request connection silent-drop if { src 192.0.2.0/24 }"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> socket_actions{kRows};

}  // namespace weir::proxy
