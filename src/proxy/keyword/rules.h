// How a line of rules is read, for the files whose keywords are rules.
#pragma once

#include <vector>

#include "proxy/keyword/build.h"
#include "proxy/rule/rule.h"

namespace weir::proxy {

/// "<action> ... [if|unless <condition>]": adds it to `into`, or reports what is wrong.
void read_rule(config::ParseContext& context, const config::Line& line, RuleSet set, std::vector<Rule>& into);

}  // namespace weir::proxy
