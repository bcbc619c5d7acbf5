#include "proxy/keyword/finish_mode.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"

namespace weir::proxy {
namespace {

using P = ProxyConfig;

/// A kind of line, and whether the proxy has one.
struct HttpWord {
  std::string_view what;
  bool (*has)(const P& proxy);
  bool of_frontend = true;  // what a frontend that switches to HTTP makes use of
};

constexpr HttpWord kWords[] = {
    {"'http-request' rules have", [](const P& p) { return !p.http_request_rules.empty(); }},
    {"'http-response' rules have", [](const P& p) { return !p.http_response_rules.empty(); }},
    {"'http-after-response' rules have", [](const P& p) { return !p.http_after_response_rules.empty(); }},
    {"'redirect' lines have", [](const P& p) { return !p.redirect_rules.empty(); }},
    {"'reqrep' and its kin have", [](const P& p) { return !p.old_request_rules.empty(); }},
    {"'rsprep' and its kin have", [](const P& p) { return !p.old_response_rules.empty(); }},
    {"'option forwardfor' has", [](const P& p) { return p.settings.http.forward_for.enabled; }},
    {"'option originalto' has", [](const P& p) { return p.settings.http.original_to.enabled; }},
    {"'option forwarded' has", [](const P& p) { return p.settings.http.forwarded != nullptr; }},
    {"'monitor-uri' has", [](const P& p) { return !p.settings.http.monitor_uri.empty(); }},
    {"'cookie' has", [](const P& p) { return !p.settings.http.cookie.name.empty() && p.is_backend(); }, false},
    {"its 'stats' lines have", [](const P& p) { return p.own_stats; }},
};

bool switches(const P& proxy) {
  return std::ranges::any_of(proxy.content_rules, [](const Rule& rule) { return rule.action->name == "switch-mode"; });
}

}  // namespace

void warn_of_http_words(const ProxyConfig& proxy, Diagnostics& diagnostics) {
  if (proxy.settings.mode == Mode::http) return;
  const bool switched = switches(proxy);
  for (const HttpWord& word : kWords)
    if (word.has(proxy) && !(switched && word.of_frontend))
      diagnostics.warning(proxy.at, fmt::format("{} is in TCP mode: {} no effect", title(proxy), word.what)).hint =
          "write 'mode http' where HTTP is spoken";
}

}  // namespace weir::proxy
