// Actions that end a rule set. Manual 4.4: accept, close, reject.
#include "proxy/keyword/build.h"
#include "proxy/rule/action.h"
#include "proxy/rule/tables.h"
#include "proxy/tcp/session.h"

namespace weir::proxy {
namespace {

Verdict accept(const ActionArgument*, Session&, sample::Context&) { return Verdict::accept; }
Verdict close(const ActionArgument*, Session&, sample::Context&) { return Verdict::close; }
Verdict reject(const ActionArgument*, Session&, sample::Context&) { return Verdict::reject; }

bool parse_switch(ActionReader& reader) {
  static constexpr std::string_view kModes[] = {"http"};
  static constexpr std::string_view kSpoken[] = {"h1"};
  if (!is_defaults(reader.context) && !reader.proxy.is_frontend())
    return reader.error(reader.word.at, "only a frontend switches to HTTP");
  return reader.args.expect_choice("mode", kModes) &&
         (!reader.args.take("proto") || reader.args.expect_choice("protocol", kSpoken));
}

// COMPAT: observed on 2.6: it ends the rules of what speaks HTTP already, too.
Verdict switch_mode(const ActionArgument*, Session& session, sample::Context&) {
  if (!session.is_http) session.switched = Session::Switched::in_frontend;
  return Verdict::accept;
}

constexpr ActionRow kRows[] = {
    {.name = "accept",
     .sets = rules_of::all,
     .apply = accept,
     .doc = "Ends the rule set: the session goes on.",
     .example = "tcp-request content accept if RDP_COOKIE"},
    {.name = "close",
     .sets = rules_of::response,
     .apply = close,
     .doc = "Closes the connection to the server at once; what it has said so far still reaches the client.",
     .example = "tcp-response content close if { res.len gt 1000 }"},
    {.name = "reject",
     .sets = rules_of::all | rules_of::http_request,
     .apply = reject,
     .doc = "Closes the connection at once.",
     .example = "tcp-request content reject if { req.ssl_ver 3 }"},
    {.name = "switch-mode",
     .sets = rules_of::content,
     .arguments = "http [proto h1]",
     .parse = parse_switch,
     .apply = switch_mode,
     .doc = "Takes what the client sends for HTTP from here on: the frontend's rules about requests are asked next.",
     .example = "tcp-request content switch-mode http if HTTP"},
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> verdict_actions{kRows};

}  // namespace weir::proxy
