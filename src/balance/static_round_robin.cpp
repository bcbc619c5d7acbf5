// `balance static-rr`: turns along the map of hashed.cpp. The place in it is kept when the map changes, so a server
// that came back takes part at once. Seen on the running program, as is the map's order (weight_map_test.cpp).
#include "balance/orders.h"
#include "balance/server_line.h"
#include "balance/weight_map.h"

namespace weir::balance {
namespace {

class StaticRoundRobin final : public Order {
 public:
  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    map_.reset(slots.size());
    busy_.assign(slots.size(), false);
    member_.assign(slots.size(), false);
    free_ = members_ = 0;
    for (const std::uint32_t index : members) insert(slots, index);
  }
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    map_.insert(index);
    member_[index] = true;
    busy_[index] = busy(slots[index]);
    free_ += busy_[index] ? 0U : 1U;
    ++members_;
  }
  void erase(std::span<const ServerSlot>, std::uint32_t index) override {
    map_.erase(index);
    member_[index] = false;
    free_ -= busy_[index] ? 0U : 1U;
    --members_;
  }
  void weight_changed(std::span<const ServerSlot>, std::uint32_t) override {}
  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    const bool now = busy(slots[index]);
    if (!member_[index] || busy_[index] == now) return;
    busy_[index] = now;
    free_ += now ? ~std::uint32_t{0} : 1U;
  }

  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    const std::span<const std::uint32_t> places = map_.places(slots);
    if (next_ >= places.size()) next_ = 0;
    if (free_ == 0) return any_but(places, request.exclude);
    for (std::size_t step = 0; step < places.size(); ++step) {
      const std::size_t place = (next_ + step) % places.size();
      if (busy_[places[place]] || places[place] == request.exclude) continue;
      next_ = place + 1;
      return places[place];
    }
    return any_but(places, request.exclude);
  }

 private:
  // All are full, or only the one to avoid is free: the session will wait, or take what there is.
  [[nodiscard]] std::uint32_t any_but(std::span<const std::uint32_t> places, std::uint32_t exclude) const {
    if (members_ == 1) return places[next_];
    std::size_t place = next_;
    while (places[place] == exclude) place = (place + 1) % places.size();
    return places[place];
  }

  WeightMap map_;
  std::vector<bool> busy_;
  std::vector<bool> member_;
  std::uint32_t free_ = 0;
  std::uint32_t members_ = 0;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Order> make_static_round_robin(const Options&) { return std::make_unique<StaticRoundRobin>(); }

}  // namespace weir::balance
