// `balance random(<draws>)`: servers are drawn by chance, each as often as its weight says, and of those drawn the one
// with the fewest sessions for its weight is taken.
//
// No key comes back to its server here, so no ring is needed: its points would cost memory by weight and their arcs
// would only come near to the weights.
//
// A server that could not serve at once loses against one that can. Servers of equal load are told apart by how often
// they were picked in the last second, so that chance does not favour whoever owns more of the circle. Manual: balance,
// hash-balance-factor.
#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include "balance/acceptance.h"
#include "balance/orders.h"
#include "balance/weighted_draw.h"

namespace weir::balance {
namespace {

class Random final : public Order {
 public:
  explicit Random(const Options& options) : draws_(std::max(options.draws, 1U)), acceptance_(options) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    picks_.resize(slots.size());
    shares_.reset(slots.size());
    for (const std::uint32_t index : members) shares_.set(index, slots[index].effective_weight());
    acceptance_.reset(slots, members);
  }
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    shares_.set(index, slots[index].effective_weight());
    acceptance_.insert(slots, index);
  }
  void erase(std::span<const ServerSlot>, std::uint32_t index) override {
    shares_.set(index, 0);
    acceptance_.erase(index);
  }
  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    shares_.set(index, slots[index].effective_weight());
    acceptance_.changed(slots, index);
  }
  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    acceptance_.changed(slots, index);
  }

  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    std::uint32_t best = draw(request);
    for (std::uint32_t left = draws_ - 1; left != 0; --left)
      if (const std::uint32_t other = draw(request); other != best && better(slots, other, best, request)) best = other;
    Picks& picks = picks_[best];
    picks.rotate(request.now_ms / kSecond);
    ++picks.current;
    return best;
  }

 private:
  static constexpr std::uint64_t kSecond = 1000;

  struct Picks {
    std::uint64_t second = 0;
    std::uint32_t current = 0;
    std::uint32_t previous = 0;
    void rotate(std::uint64_t now) {
      if (now == second) return;
      previous = now == second + 1 ? current : 0;
      current = 0;
      second = now;
    }
    // Thousandths of picks in the second that ends now.
    [[nodiscard]] std::uint64_t rate(std::uint64_t now_ms) {
      rotate(now_ms / kSecond);
      return current * kSecond + std::uint64_t{previous} * (kSecond - now_ms % kSecond);
    }
  };

  // Who may not have the session passes it on to the next one in the file's order.
  std::uint32_t draw(const PickRequest& request) {
    static_assert(std::minstd_rand::max() < 1U << 31U);
    const std::uint32_t drawn = shares_.at(random_() * shares_.total() >> 31U);
    return acceptance_.choose(shares_.places(), drawn, request.exclude, [&](std::size_t place) {
      return shares_.weight(place) != 0 ? static_cast<std::uint32_t>(place) : request.exclude;
    });
  }

  bool better(std::span<const ServerSlot> slots, std::uint32_t a, std::uint32_t b, const PickRequest& request) {
    if (a == request.exclude || b == request.exclude) return b == request.exclude;
    if (busy(slots[a]) != busy(slots[b])) return busy(slots[b]);
    // Cross-multiplied: load per weight without a division.
    const auto load = [&](std::uint32_t mine, std::uint32_t its) {
      return (std::uint64_t{slots[mine].served} + slots[mine].queued) * slots[its].effective_weight();
    };
    if (load(a, b) != load(b, a)) return load(a, b) < load(b, a);
    return picks_[a].rate(request.now_ms) * slots[b].effective_weight() <
           picks_[b].rate(request.now_ms) * slots[a].effective_weight();
  }

  const std::uint32_t draws_;
  WeightedDraw shares_;  // by server index
  Acceptance acceptance_;
  std::vector<Picks> picks_;  // by server index
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Order> make_random(const Options& options) { return std::make_unique<Random>(options); }

}  // namespace weir::balance
