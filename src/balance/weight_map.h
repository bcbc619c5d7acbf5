// A map of servers with one place per unit of weight, each server's places spread over the whole.
//
// Each place is given by scores: every server's grows by its weight, the taker's falls by the sum of all weights. The
// first server, in their order, whose score has reached the sum takes the place; when none has, the first whose score
// is not negative. Found by watching the running program: all of 28 sets of weights are laid out alike
// (weight_map_test.cpp). The rule is not run place by place over all servers: when a score reaches the next of its two
// marks is known in advance, so a map costs its size times a logarithm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "balance/server_slot.h"

namespace weir::balance {

struct WeightedServer {
  std::uint32_t index = 0;
  std::uint32_t weight = 0;
};

/// The server index of each place; the weights divided by what they share. Empty for no servers.
[[nodiscard]] std::vector<std::uint32_t> weight_map(std::span<const WeightedServer> servers);

/// The map of the servers that take part, laid out when it is asked for after a change.
class WeightMap {
 public:
  void reset(std::size_t servers) {
    member_.assign(servers, false);
    stale_ = true;
  }
  void insert(std::uint32_t index) {
    member_[index] = true;
    stale_ = true;
  }
  void erase(std::uint32_t index) {
    member_[index] = false;
    stale_ = true;
  }
  void weight_changed() { stale_ = true; }
  [[nodiscard]] std::span<const std::uint32_t> places(std::span<const ServerSlot> slots);

 private:
  std::vector<bool> member_;  // by server index
  std::vector<std::uint32_t> places_;
  bool stale_ = true;
};

}  // namespace weir::balance
