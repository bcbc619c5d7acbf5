#include "proxy/keyword/near_name.h"

#include <fmt/format.h>

#include "log/sink.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostNames = 30'000;

std::string hint(const std::vector<std::string>& names, std::string_view name) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = nearest_word(name.substr(0, kLongestName), views);
  return near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
}

}  // namespace

std::string near_server(const ProxyConfig& backend, std::string_view name) {
  std::vector<std::string> names;
  for (const ServerConfig& server : backend.servers) names.push_back(server.name);
  return hint(names, name);
}

std::string near_name(const Config& config, sample::ArgKind kind, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& proxy : config.proxies) {
    if (names.size() > kMostNames) break;
    if (kind == sample::ArgKind::table && proxy->table) names.push_back(proxy->name);
    if (kind == sample::ArgKind::frontend && proxy->is_frontend()) names.push_back(proxy->name);
    if (kind == sample::ArgKind::backend && proxy->is_backend()) names.push_back(proxy->name);
    if (kind == sample::ArgKind::server)
      for (const ServerConfig& server : proxy->servers) names.push_back(fmt::format("{}/{}", proxy->name, server.name));
  }
  if (kind == sample::ArgKind::table)
    for (const auto& section : config.peers)
      for (const auto& table : section.tables) names.push_back(table.name);
  if (kind == sample::ArgKind::userlist)
    for (const UserlistConfig& list : config.userlists) names.push_back(list.name);
  if (kind == sample::ArgKind::ring) {
    for (const log::RingConfig& ring : config.rings) names.push_back(ring.name);
    for (const std::string_view standing : {log::kDebugRing, log::kStandardOut, log::kStandardError})
      names.emplace_back(standing);
  }
  return hint(names, name);
}

}  // namespace weir::proxy
