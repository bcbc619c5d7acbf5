// `balance source`, `balance rdp-cookie`: the key's hash names a place in a map of the usable servers.
//
// The map has one place per unit of weight. It is laid out anew when a server comes, goes or changes weight, so a pick
// is one division; a full server keeps its keys, the session waits for it. Without a key the servers take turns. A
// redispatch walks on from the key's own place to the next other server.
#include <numeric>
#include <vector>

#include "balance/orders.h"
#include "balance/server_line.h"
#include "balance/weight_map.h"

namespace weir::balance {
namespace {

class Hashed final : public Order {
 public:
  Hashed() : turns_(make_round_robin()) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    member_.assign(slots.size(), false);
    for (const std::uint32_t index : members) member_[index] = true;
    lay_out(slots);
    turns_->reset(slots, members);
  }

  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    member_[index] = true;
    lay_out(slots);
    turns_->insert(slots, index);
  }

  void erase(std::span<const ServerSlot> slots, std::uint32_t index) override {
    member_[index] = false;
    lay_out(slots);
    turns_->erase(slots, index);
  }

  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    lay_out(slots);
    turns_->weight_changed(slots, index);
  }

  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    turns_->load_changed(slots, index);
  }

  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    if (!request.hash || map_.empty()) return turns_->pick(slots, request);
    const std::size_t place = *request.hash % map_.size();
    if (map_[place] != request.exclude) return map_[place];
    for (std::size_t step = 1; step < map_.size(); ++step) {
      const std::uint32_t other = map_[(place + step) % map_.size()];
      if (other != request.exclude) return other;
    }
    return map_[place];
  }

 private:
  void lay_out(std::span<const ServerSlot> slots) {
    std::vector<WeightedServer> servers;
    for (std::uint32_t i = 0; i < member_.size(); ++i)
      if (member_[i]) servers.push_back({.index = i, .weight = slots[i].weight});
    map_ = weight_map(servers);
  }

  std::vector<bool> member_;        // by server index
  std::vector<std::uint32_t> map_;  // server index of each place
  std::unique_ptr<Order> turns_;
};

}  // namespace

std::unique_ptr<Order> make_hashed() { return std::make_unique<Hashed>(); }

}  // namespace weir::balance
