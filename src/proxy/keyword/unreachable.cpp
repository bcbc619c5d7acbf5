#include "proxy/keyword/unreachable.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kEnding[] = {"accept", "allow",    "auth",   "close",       "deny",
                                        "reject", "redirect", "return", "silent-drop", "tarpit"};

bool always_holds(const sample::Condition& condition) {
  return condition.empty() || condition.text() == "if TRUE" || condition.text() == "unless FALSE";
}

bool always_ends(const Rule& rule) {
  return always_holds(rule.condition) && std::ranges::find(kEnding, rule.action->name) != std::end(kEnding);
}
// A computed name that leads nowhere goes on.
bool always_ends(const UseBackend& rule) { return always_holds(rule.condition) && rule.format == nullptr; }

template <class Any>
void look_at(const std::vector<Any>& rules, const ProxyConfig& proxy, Diagnostics& diagnostics) {
  const auto last = std::ranges::find_if(rules, [](const Any& rule) { return always_ends(rule); });
  if (last == rules.end() || last + 1 == rules.end()) return;
  diagnostics
      .warning((last + 1)->at,
               fmt::format("{}: this rule is never asked: the one in line {} always applies and ends the set",
                           title(proxy), last->at.line))
      .hint = "give that one a condition, or put it behind this one";
}

}  // namespace

void warn_of_unreachable(const ProxyConfig& proxy, Diagnostics& diagnostics) {
  for (const auto* rules :
       {&proxy.connection_rules, &proxy.session_rules, &proxy.content_rules, &proxy.response_rules,
        &proxy.http_request_rules, &proxy.http_response_rules, &proxy.http_after_response_rules, &proxy.redirect_rules})
    look_at(*rules, proxy, diagnostics);
  look_at(proxy.use_backends, proxy, diagnostics);
}

}  // namespace weir::proxy
