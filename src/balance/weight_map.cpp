#include "balance/weight_map.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace weir::balance {
namespace {

constexpr std::size_t kFewServers = 16;

// Each place is offered to the servers in their order; one takes it when its share of what its forerunners left is due
// (the first of all: also when just due). Found by watching the running program: the same for any two servers and for
// equal ones, and for two thirds of the mixed sets looked at (weight_map_test.cpp); in the others it differs in some
// places.
std::vector<std::uint32_t> offered_in_order(std::span<const WeightedServer> servers, std::uint32_t shared,
                                            std::int64_t total) {
  std::vector<std::int64_t> given(servers.size(), 0);
  std::vector<std::uint32_t> map;
  map.reserve(static_cast<std::size_t>(total));
  for (std::int64_t place = 0; place < total; ++place) {
    std::int64_t left_total = total;
    std::int64_t left_place = place;
    std::size_t taker = servers.size();
    std::size_t open = 0;  // the last with a place to come, should nobody be due
    for (std::size_t i = 0; i < servers.size() && taker == servers.size(); ++i) {
      const std::int64_t weight = servers[i].weight / shared;
      const std::int64_t due = (left_place + 1) * weight - given[i] * left_total;
      if (given[i] < weight) {
        open = i;
        if (due > 0 || (due == 0 && i == 0)) taker = i;
      }
      left_total -= weight;
      left_place -= given[i];
    }
    if (taker == servers.size()) taker = open;
    ++given[taker];
    map.push_back(servers[taker].index);
  }
  return map;
}

// For large farms, where offering each place to each server would take too long under the backend's lock.
std::vector<std::uint32_t> spread_evenly(std::span<const WeightedServer> servers, std::uint32_t shared) {
  struct Wish {
    double at = 0;
    std::uint32_t index = 0;
  };
  std::vector<Wish> wishes;
  for (const WeightedServer& server : servers)
    for (std::uint32_t k = 0; k < server.weight / shared; ++k)
      wishes.push_back({.at = static_cast<double>(k) / (server.weight / shared), .index = server.index});
  std::ranges::sort(wishes, {}, [](const Wish& wish) { return std::pair{wish.at, wish.index}; });
  std::vector<std::uint32_t> map;
  map.reserve(wishes.size());
  for (const Wish& wish : wishes) map.push_back(wish.index);
  return map;
}

}  // namespace

std::vector<std::uint32_t> weight_map(std::span<const WeightedServer> servers) {
  std::uint32_t shared = 0;
  std::int64_t total = 0;
  for (const WeightedServer& server : servers) {
    shared = std::gcd(shared, server.weight);
    total += server.weight;
  }
  if (shared == 0) return {};
  if (servers.size() > kFewServers) return spread_evenly(servers, shared);
  return offered_in_order(servers, shared, total / shared);
}

}  // namespace weir::balance
