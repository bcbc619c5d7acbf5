// Actions that end a rule set. Manual 4.4: accept, close, reject.
#include "proxy/rule/tables.h"

namespace weir::proxy {
namespace {

Verdict accept(const ActionArgument*, Session&, sample::Context&) { return Verdict::accept; }
Verdict close(const ActionArgument*, Session&, sample::Context&) { return Verdict::close; }
Verdict reject(const ActionArgument*, Session&, sample::Context&) { return Verdict::reject; }

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
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> verdict_actions{kRows};

}  // namespace weir::proxy
