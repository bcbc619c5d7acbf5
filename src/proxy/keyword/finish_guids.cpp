#include "proxy/keyword/finish_guids.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "proxy/keyword/build.h"

namespace weir::proxy {
namespace {

// Every guid there is: visit(guid, what bears it, where).
template <class Visit>
void each_guid(const Config& config, Visit visit) {
  for (const auto& proxy : config.proxies) {
    if (!proxy->guid.empty()) visit(proxy->guid, title(*proxy), proxy->at);
    for (const ServerConfig& server : proxy->servers)
      if (!server.guid.empty()) visit(server.guid, fmt::format("server '{}/{}'", proxy->name, server.name), server.at);
    for (const BindConfig& bind : proxy->binds) {
      if (bind.guid_prefix.empty()) continue;
      for (std::size_t i = 0; i < bind.addresses.size(); i++)
        visit(fmt::format("{}-{}", bind.guid_prefix, i), fmt::format("a bind line of '{}'", proxy->name), bind.at);
    }
  }
}

}  // namespace

void check_guids(const Config& config, Diagnostics& diagnostics) {
  std::unordered_map<std::string, std::string> owners;
  each_guid(config, [&](const std::string& guid, std::string what, SourcePosition at) {
    const auto [owner, fresh] = owners.emplace(guid, what);
    if (!fresh) diagnostics.error(at, fmt::format("{}: the guid '{}' is that of {}", what, guid, owner->second));
  });
}

bool guid_is_taken(const Config& config, std::string_view guid) {
  bool taken = false;
  each_guid(config,
            [&](std::string_view known, const std::string&, SourcePosition) { taken = taken || known == guid; });
  return taken;
}

}  // namespace weir::proxy
