#include "proxy/rule/rule.h"

namespace weir::proxy {

Verdict run_rules(std::span<const Rule> rules, std::uint16_t& next, sample::Context& context, Session& session) {
  for (; next < rules.size(); next++) {
    const Rule& rule = rules[next];
    switch (rule.condition.evaluate(context)) {
      case sample::Truth::no: continue;
      case sample::Truth::unknown: return Verdict::wait;
      case sample::Truth::yes: break;
    }
    if (const Verdict verdict = rule.action->apply(rule.argument.get(), session); verdict != Verdict::next)
      return verdict;
  }
  return Verdict::accept;
}

namespace {

Verdict accept_action(const ActionArgument*, Session&) { return Verdict::accept; }
Verdict reject_action(const ActionArgument*, Session&) { return Verdict::reject; }

constexpr std::uint8_t kBoth = static_cast<std::uint8_t>(RuleSet::tcp_request_connection) |
                               static_cast<std::uint8_t>(RuleSet::tcp_request_content);

constexpr ActionRow kActions[] = {
    {.name = "accept",
     .sets = kBoth,
     .apply = accept_action,
     .doc = "Ends the rule set: the connection goes on.",
     .example = "tcp-request content accept if RDP_COOKIE"},
    {.name = "reject",
     .sets = kBoth,
     .apply = reject_action,
     .doc = "Closes the connection at once; nothing is sent to a server.",
     .example = "tcp-request content reject if { req.ssl_ver 3 }"},
};

}  // namespace

constinit const std::span<const ActionRow> tcp_actions{kActions};

}  // namespace weir::proxy
