#include "proxy/references.h"

#include <algorithm>
#include <string>

#include "proxy/names.h"

namespace weir::proxy {

bool is_referenced(const Config& config, const ProxyConfig& backend, std::string_view server) {
  if (std::ranges::find(backend.use_servers, server, &UseServer::name) != backend.use_servers.end()) return true;
  const std::string full = backend.name + "/" + std::string(server);
  const auto asks = [&](const std::shared_ptr<NameRefs>& names) {
    return std::ranges::any_of(names->uses(), [&](const NameRefs::Use& use) {
      return use.kind == sample::ArgKind::server && use.name == full;
    });
  };
  return std::ranges::any_of(config.proxies, [&](const auto& proxy) {
    return std::ranges::any_of(proxy->servers, [&](const ServerConfig& one) { return one.health.track == full; }) ||
           std::ranges::any_of(proxy->names, asks);
  });
}

}  // namespace weir::proxy
