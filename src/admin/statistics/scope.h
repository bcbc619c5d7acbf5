// `stats scope`: the proxies that a page shows and may change.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/stats_config.h"
#include "proxy/model.h"

namespace weir::admin {

/// Names of proxies; none: all of them.
[[nodiscard]] inline std::vector<std::string> scope_of(const proxy::ProxyConfig& page) {
  std::vector<std::string> names = page.settings.http.stats->scope;
  for (std::string& name : names)
    if (name == ".") name = page.name;
  return names;
}

[[nodiscard]] inline bool in_scope(const proxy::ProxyConfig& page, std::string_view name) {
  const std::vector<std::string> names = scope_of(page);
  return names.empty() || std::ranges::find(names, name) != names.end();
}

}  // namespace weir::admin
