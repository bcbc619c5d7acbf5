#include "balance/weight_map.h"

#include <numeric>

namespace weir::balance {

// Each place goes to the server that is furthest behind its share.
std::vector<std::uint32_t> weight_map(std::span<const WeightedServer> servers) {
  std::uint32_t shared = 0;
  for (const WeightedServer& server : servers) shared = std::gcd(shared, server.weight);
  std::vector<std::uint32_t> map;
  if (shared == 0) return map;
  std::int64_t total = 0;
  for (const WeightedServer& server : servers) total += server.weight / shared;
  std::vector<std::int64_t> credit(servers.size(), 0);
  map.reserve(static_cast<std::size_t>(total));
  for (std::int64_t place = 0; place < total; ++place) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < servers.size(); ++i)
      if (credit[i] > credit[best]) best = i;
    map.push_back(servers[best].index);
    credit[best] -= total;
    for (std::size_t i = 0; i < servers.size(); ++i) credit[i] += servers[i].weight / shared;
  }
  return map;
}

}  // namespace weir::balance
