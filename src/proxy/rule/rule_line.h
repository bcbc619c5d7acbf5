// The lines that are rules, as `show rules` and `explain` name them: which list of their proxy, what was written,
// where.
//
// Apart from the rules themselves, which are asked on every request and stay small: a rule knows its number, and that
// is its place among these lines. A defaults section's rules keep their numbers in the proxies that start from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace weir::proxy {

/// The lists of one proxy in the order in which they are asked.
enum class RuleList : std::uint8_t {
  connection,
  session,
  content,
  monitor_fail,
  http_request,
  stats,
  stats_admin,
  old_request,
  redirect,
  be_switch,
  use_backend,
  persist,
  use_server,
  stick,
  tcp_response,
  http_response,
  old_response,
  http_after_response,
};
inline constexpr std::size_t kRuleLists = static_cast<std::size_t>(RuleList::http_after_response) + 1;

struct RuleLine {
  RuleList list = RuleList::connection;
  std::string text;  // one line, nothing in it that moves a terminal's cursor
  SourcePosition at;
};
/// By number: in the order of the file.
using RuleLines = std::vector<RuleLine>;

}  // namespace weir::proxy
