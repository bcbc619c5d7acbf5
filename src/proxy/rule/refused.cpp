// Actions of the language that this version refuses, each with its reason.
#include "proxy/rule/tables.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kSpoe = "offloading to agents (SPOE) is not available in this version";

constexpr ActionRow refused(std::string_view name, std::uint8_t sets, std::string_view reason,
                            ActionForm form = ActionForm::word) {
  return {.name = name, .form = form, .sets = sets, .doc = reason, .reason = reason};
}

constexpr ActionRow kRows[] = {
    refused("attach-srv", rules_of::session, "reverse HTTP is not available in this version"),
    refused("do-resolve", rules_of::content, "asking name servers at run time is not available in this version",
            ActionForm::parentheses),
    refused("send-spoe-group", rules_of::content | rules_of::response, kSpoe),
    refused("use-service", rules_of::content, "services are not available in this version"),
};
static_assert(well_formed_actions(kRows));

}  // namespace

constinit const std::span<const ActionRow> refused_actions{kRows};

}  // namespace weir::proxy
