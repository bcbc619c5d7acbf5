// How a line of rules is read, for the files whose keywords are rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/keyword/build.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {

/// "<action> ... [if|unless <condition>]": adds it to `into`, or reports what is wrong.
void read_rule(config::ParseContext& context, const config::Line& line, RuleSet set, RuleList list,
               std::vector<Rule>& into);
/// The sets that know the action: "tcp-request content", "http-request".
[[nodiscard]] std::vector<std::string> rule_sets_of(const ActionRow& row);
/// The number of the rule that this line is.
std::uint32_t number_rule(ProxyConfig& proxy, RuleList list, const config::Line& line);

}  // namespace weir::proxy
