// Lays servers out on a map with one place per unit of weight, each server's places spread over the whole.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weir::balance {

struct WeightedServer {
  std::uint32_t index = 0;
  std::uint32_t weight = 0;
};

/// The server index of each place; the weights divided by what they share. Empty for no servers.
[[nodiscard]] std::vector<std::uint32_t> weight_map(std::span<const WeightedServer> servers);

}  // namespace weir::balance
