// Actions that change whom a session is seen to come from, or whom it went to. Manual 4.4: set-src, set-src-port,
// set-dst, set-dst-port.
//
// What they change is the session's own view: src and dst, the log, `source ... usesrc client` and servers without a
// port of their own follow it; the socket does not. Before the session's contents are looked at the connection itself
// is renamed; later its first addresses are kept for the fetches that ask for them.
#include "io/socket.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

enum class End : std::uint8_t { source, destination };

// Before its contents are looked at the socket is not watched yet: those rule sets are about the connection itself.
bool renames_connection(const Session& session) { return !session.client.token; }

SocketAddress& address_to_change(Session& session, End end) {
  if (end == End::destination) local_address(session);
  SocketAddress& address = end == End::source ? session.facts.client : session.facts.local;
  if (renames_connection(session)) return address;
  SessionExtras& more = extras(session);
  std::optional<SocketAddress>& own = end == End::source ? more.own_client : more.own_local;
  if (!own) own = address;
  if (session.http != nullptr) {  // it is this request's alone
    std::optional<SocketAddress>& before = end == End::source ? more.client_before : more.local_before;
    if (!before) before = address;
  }
  return address;
}

SocketAddress of_sample(const sample::Sample& value, std::uint16_t port) {
  if (value.type() == sample::Type::ipv4) return SocketAddress::ipv4(value.as_ipv4(), port);
  return SocketAddress::ipv6(value.as_ipv6(), port);
}

// COMPAT: observed on 2.6: a value that is no address, or no port, leaves everything as it was.
template <End end>
Verdict set_address(const ActionArgument* given, Session& session, sample::Context& context) {
  sample::Sample value;
  if (static_cast<const ExpressionArgument*>(given)->expression.evaluate(context, value) != sample::FetchStatus::ok ||
      !sample::cast(value, sample::Type::address, context.arena))
    return Verdict::next;
  SocketAddress& address = address_to_change(session, end);
  address = of_sample(value, address.is_inet() ? address.port() : std::uint16_t{0});
  return Verdict::next;
}

template <End end>
Verdict set_port(const ActionArgument* given, Session& session, sample::Context& context) {
  sample::Sample value;
  if (static_cast<const ExpressionArgument*>(given)->expression.evaluate(context, value) != sample::FetchStatus::ok ||
      !sample::cast(value, sample::Type::integer, context.arena))
    return Verdict::next;
  SocketAddress& address = address_to_change(session, end);
  if (!address.is_inet()) address = SocketAddress::ipv4(0, 0);
  address.set_port(static_cast<std::uint16_t>(value.as_integer()));
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "set-dst",
     .sets = rules_of::requests | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_address<End::destination>,
     .doc = "Replaces the address that the client connected to, as later rules, logs and servers of address 0.0.0.0 "
            "see it.",
     .example = "tcp-request connection set-dst dst,ipmask(24)"},
    {.name = "set-dst-port",
     .sets = rules_of::requests | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_port<End::destination>,
     .doc = "Replaces the port that the client connected to, as later rules, logs and servers without a port see it.",
     .example = "tcp-request connection set-dst-port int(4000)"},
    {.name = "set-src",
     .sets = rules_of::requests | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_address<End::source>,
     .doc = "Replaces the client's address as later rules and logs see it.",
     .example = "tcp-request connection set-src src,ipmask(24)"},
    {.name = "set-src-port",
     .sets = rules_of::requests | rules_of::http_request,
     .arguments = "<expression>",
     .parse = parse_expression_argument,
     .apply = set_port<End::source>,
     .doc = "Replaces the client's port as later rules and logs see it.",
     .example = "tcp-request connection set-src-port int(4000)"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> address_actions{kRows};

}  // namespace weir::proxy
