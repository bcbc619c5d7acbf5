#include "balance/ring.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "balance/hash.h"
#include "base/assert.h"

namespace weir::balance {
namespace {

bool before(const Ring::Point& a, const Ring::Point& b) { return std::tie(a.at, a.server) < std::tie(b.at, b.server); }

}  // namespace

void Ring::reset(std::size_t servers) {
  servers_.assign(servers, Server{});
  changed_.clear();
  points_.clear();
  total_ = 0;
}

void Ring::set(std::uint32_t index, std::uint32_t key, std::uint32_t points) {
  Server& server = servers_[index];
  points = std::min(points, kMostPoints);
  if (server.key == key && server.points == points) return;
  total_ += points;
  total_ -= server.points;
  server.key = key;
  server.points = points;
  if (!server.changed) changed_.push_back(index);
  server.changed = true;
}

void Ring::merge() {
  std::erase_if(points_, [&](const Point& point) { return servers_[point.server].changed; });
  std::vector<Point> added;
  for (const std::uint32_t index : changed_) {
    Server& server = servers_[index];
    server.changed = false;
    for (std::uint32_t k = 0; k < server.points; ++k)
      added.push_back({.at = avalanche(server.key + k), .server = index});
  }
  changed_.clear();
  std::ranges::sort(added, before);
  std::vector<Point> merged;
  merged.reserve(points_.size() + added.size());
  std::ranges::merge(points_, added, std::back_inserter(merged), before);
  points_ = std::move(merged);
}

std::span<const Ring::Point> Ring::points() {
  if (!changed_.empty()) merge();
  return points_;
}

std::size_t Ring::nearest(std::uint32_t hash) {
  const std::span<const Point> all = points();
  WEIR_ASSERT(!all.empty());
  const auto next = std::ranges::lower_bound(all, hash, {}, &Point::at);
  const std::size_t after = next == all.end() ? 0 : static_cast<std::size_t>(next - all.begin());
  const std::size_t ahead = after == 0 ? all.size() - 1 : after - 1;
  // Distances around the circle: unsigned differences wrap as it does.
  return all[after].at - hash <= hash - all[ahead].at ? after : ahead;
}

}  // namespace weir::balance
