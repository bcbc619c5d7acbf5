// Places with weights, of which a ticket chooses one: as likely as its weight is of all weights.
//
// A Fenwick tree of sums: changing a weight and finding a ticket's place both take as many steps as the number of
// places has bits, and memory is two numbers a place, whatever the weights are. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::balance {

class WeightedDraw {
 public:
  /// So many places, all of weight 0.
  void reset(std::size_t places) {
    weights_.assign(places, 0);
    sums_.assign(places + 1, 0);
    total_ = 0;
  }
  void set(std::uint32_t place, std::uint32_t weight) {
    const std::uint64_t change = std::uint64_t{weight} - weights_[place];  // modulo 2^64, as the sums are
    weights_[place] = weight;
    total_ += change;
    for (std::size_t at = place + std::size_t{1}; at < sums_.size(); at += at & -at) sums_[at] += change;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint32_t weight(std::size_t place) const { return weights_[place]; }
  [[nodiscard]] std::size_t places() const { return weights_.size(); }

  /// The place whose share holds `ticket`, from 0 to total() - 1. There is a place.
  [[nodiscard]] std::uint32_t at(std::uint64_t ticket) const {
    std::size_t before = 0;
    for (std::size_t step = std::bit_floor(weights_.size()); step != 0; step >>= 1U) {
      if (before + step > weights_.size() || sums_[before + step] > ticket) continue;
      before += step;
      ticket -= sums_[before];
    }
    return static_cast<std::uint32_t>(std::min(before, weights_.size() - 1));
  }

 private:
  std::vector<std::uint32_t> weights_;
  std::vector<std::uint64_t> sums_;  // from 1: sums_[i] is of the (i & -i) places that end with place i - 1
  std::uint64_t total_ = 0;
};

}  // namespace weir::balance
