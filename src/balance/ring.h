// Consistent hashing: the points of the live servers on a circle of 32 bits.
//
// A server owns sixteen points for each unit of its weight: the avalanche of a number that starts at its node key and
// counts on. A key belongs to the nearest point, so losing a server moves only its own keys. Read for every pick,
// changed when a server comes, goes or changes weight: a sorted array, searched by halves; changes are collected and
// merged in by one pass when the next key is looked up. Where the points lie and that the nearest one wins was found by
// watching the running program (ring_test.cpp). Manual: hash-type, hash-key.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "balance/server_slot.h"

namespace weir::balance {

inline constexpr std::uint32_t kPointsPerWeight = 16;
inline constexpr std::uint32_t kMostPoints = kMaxWeight * kPointsPerWeight;  // and how far apart node keys of ids are

class Ring {
 public:
  void reset(std::size_t servers);
  /// The server has as many points from now on; 0 takes it off the circle.
  void set(std::uint32_t index, std::uint32_t key, std::uint32_t points);
  [[nodiscard]] bool empty() const { return total_ == 0; }

  struct Point {
    std::uint32_t at = 0;
    std::uint32_t server = 0;
  };
  /// All points in order, with every change merged in.
  [[nodiscard]] std::span<const Point> points();
  /// The position among points() of the one nearest to `hash`; there must be one.
  [[nodiscard]] std::size_t nearest(std::uint32_t hash);

 private:
  struct Server {
    std::uint32_t key = 0;
    std::uint32_t points = 0;
    bool changed = false;
  };
  void merge();
  std::vector<Server> servers_;
  std::vector<std::uint32_t> changed_;
  std::vector<Point> points_;
  std::uint64_t total_ = 0;
};

}  // namespace weir::balance
