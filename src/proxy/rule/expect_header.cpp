// Actions that announce the header a connection begins with. Manual 4.4: expect-proxy, expect-netscaler-cip.
//
// The rule only says so; the header is read once all connection rules have let the connection pass (tcp/handshake.cpp).
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/extras.h"

namespace weir::proxy {
namespace {

// The manual knows no other layer.
bool parse_layer(ActionReader& reader) {
  static constexpr std::string_view kLayers[] = {"layer4"};
  return reader.args.expect_choice("layer", kLayers).has_value();
}

Verdict expect_proxy(const ActionArgument*, Session& session, sample::Context&) {
  extras(session).expects_proxy = true;
  return Verdict::next;
}

// COMPAT: observed on 2.6: without a magic number on the bind line it is 0.
Verdict expect_netscaler(const ActionArgument*, Session& session, sample::Context&) {
  extras(session).netscaler_magic = 0;
  return Verdict::next;
}

constexpr ActionRow kRows[] = {
    {.name = "expect-netscaler-cip",
     .sets = rules_of::connection,
     .arguments = "layer4",
     .parse = parse_layer,
     .apply = expect_netscaler,
     .doc = "The connection begins with a NetScaler Client IP header of magic number 0, or of the bind line's.",
     .example = "tcp-request connection expect-netscaler-cip layer4 if { src 192.0.2.9 }"},
    {.name = "expect-proxy",
     .sets = rules_of::connection,
     .arguments = "layer4",
     .parse = parse_layer,
     .apply = expect_proxy,
     .doc = "The connection begins with a PROXY header, as 'accept-proxy' on the bind line says of all.",
     .example = "tcp-request connection expect-proxy layer4 if { src 192.0.2.9 }"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> expect_header_actions{kRows};

}  // namespace weir::proxy
