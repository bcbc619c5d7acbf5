#include "balance/weight_map.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "base/assert.h"

namespace weir::balance {
namespace {

using Place = std::uint64_t;
using Order = std::uint32_t;  // of a server in the list
using Coming = std::pair<Place, Order>;
template <class T>
using Earliest = std::priority_queue<T, std::vector<T>, std::greater<>>;

// Places count from 1. With `given` places taken, a server's score is place * weight - given * sum.
class Layout {
 public:
  Layout(std::span<const WeightedServer> servers, std::uint32_t shared, std::uint64_t sum)
      : servers_(servers), shared_(shared), sum_(sum), given_(servers.size(), 0) {
    for (Order i = 0; i < servers.size(); ++i) announce(i);
  }

  [[nodiscard]] Order taker(Place place) {
    ripen(coming_willing_, willing_, place);
    ripen(coming_due_, due_, place);
    // A server leaves both heaps lazily: an entry counts while it was made for the place that is next to be given to
    // it.
    Order taken = 0;
    if (!take(due_, taken) && !take(willing_, taken)) WEIR_ASSERT(false);  // the scores' sum is positive
    ++given_[taken];
    announce(taken);
    return taken;
  }

 private:
  struct Claim {
    Order server = 0;
    std::uint64_t given = 0;
    bool operator>(const Claim& other) const { return server > other.server; }
  };
  struct Later {
    Place place = 0;
    Claim claim;
    bool operator>(const Later& other) const { return place > other.place; }
  };

  [[nodiscard]] std::uint64_t weight(Order server) const { return servers_[server].weight / shared_; }

  // Its score is 0 or more from the place where place * weight >= given * sum, the sum or more from one sum later.
  void announce(Order server) {
    const std::uint64_t given = given_[server];
    if (given == weight(server)) return;
    const auto reaches = [&](std::uint64_t score) { return (score + weight(server) - 1) / weight(server); };
    coming_willing_.push({.place = reaches(given * sum_), .claim = {.server = server, .given = given}});
    coming_due_.push({.place = reaches((given + 1) * sum_), .claim = {.server = server, .given = given}});
  }

  static void ripen(Earliest<Later>& coming, Earliest<Claim>& here, Place place) {
    while (!coming.empty() && coming.top().place <= place) {
      here.push(coming.top().claim);
      coming.pop();
    }
  }

  bool take(Earliest<Claim>& claims, Order& taken) const {
    while (!claims.empty()) {
      const Claim claim = claims.top();
      claims.pop();
      if (claim.given != given_[claim.server]) continue;
      taken = claim.server;
      return true;
    }
    return false;
  }

  std::span<const WeightedServer> servers_;
  const std::uint32_t shared_;
  const std::uint64_t sum_;
  std::vector<std::uint64_t> given_;
  Earliest<Later> coming_willing_;
  Earliest<Later> coming_due_;
  Earliest<Claim> willing_;
  Earliest<Claim> due_;
};

}  // namespace

std::vector<std::uint32_t> weight_map(std::span<const WeightedServer> servers) {
  std::uint32_t shared = 0;
  std::uint64_t total = 0;
  for (const WeightedServer& server : servers) {
    shared = std::gcd(shared, server.weight);
    total += server.weight;
  }
  if (shared == 0) return {};
  const std::uint64_t sum = total / shared;
  std::vector<std::uint32_t> map;
  map.reserve(sum);
  if (sum == servers.size()) {  // equal ones take turns
    for (const WeightedServer& server : servers) map.push_back(server.index);
    return map;
  }
  Layout layout(servers, shared, sum);
  for (Place place = 1; place <= sum; ++place) map.push_back(servers[layout.taker(place)].index);
  return map;
}

std::span<const std::uint32_t> WeightMap::places(std::span<const ServerSlot> slots) {
  if (!stale_) return places_;
  stale_ = false;
  std::vector<WeightedServer> servers;
  for (std::uint32_t i = 0; i < member_.size(); ++i)
    if (member_[i]) servers.push_back({.index = i, .weight = slots[i].weight});
  places_ = weight_map(servers);
  return places_;
}

}  // namespace weir::balance
