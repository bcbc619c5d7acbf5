// `balance roundrobin`: each server in turn, in proportion to its weight, as evenly spread as whole numbers allow.
//
// Every server has a position, the number of the pick at which it is due. A pick takes the smallest position (the
// heavier server first, then who came first) and moves that server on by total weight / own weight; what the division
// leaves is carried to its next move, so that over time each gets exactly its share. The form was found by watching the
// running program (picker_test.cpp holds the sequences).
#include <algorithm>
#include <vector>

#include "balance/orders.h"
#include "balance/server_line.h"

namespace weir::balance {
namespace {

class RoundRobin final : public Order {
 public:
  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    line_.reset(slots.size());
    turns_.assign(slots.size(), Turn{});
    total_ = 0;
    now_ = 0;
    for (const std::uint32_t index : members) {
      turns_[index].weight = slots[index].effective_weight();
      total_ += turns_[index].weight;
    }
    for (const std::uint32_t index : members) enter(slots, index);
  }

  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    turns_[index].weight = slots[index].effective_weight();
    total_ += turns_[index].weight;
    enter(slots, index);
  }

  void erase(std::span<const ServerSlot>, std::uint32_t index) override {
    if (!line_.contains(index)) return;
    total_ -= turns_[index].weight;
    line_.erase(index);
  }

  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    if (!line_.contains(index)) return;
    const std::uint64_t position = line_.key(index);
    total_ -= turns_[index].weight;
    turns_[index].weight = slots[index].effective_weight();
    total_ += turns_[index].weight;
    turns_[index].remainder = 0;
    // A server that grew heavier must not wait out the long gap of its old weight.
    place(slots, index, std::min(position, now_ + total_ / turns_[index].weight));
  }

  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    if (!line_.contains(index)) return;
    const bool is_busy = busy(slots[index]);
    // One that was full for long is due now, not many times over.
    if (!is_busy && line_.key(index) < now_)
      place(slots, index, now_);
    else
      line_.set_busy(index, is_busy);
  }

  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    const std::uint32_t index = line_.first(request.exclude);
    if (index == kNoServer) return kNoServer;
    Turn& turn = turns_[index];
    const std::uint64_t position = line_.key(index);
    now_ = std::max(now_, position);
    const std::uint64_t distance = total_ + turn.remainder;
    turn.remainder = distance % turn.weight;
    place(slots, index, position + distance / turn.weight);
    return index;
  }

 private:
  struct Turn {
    std::uint32_t weight = 0;     // effective, as counted in total_
    std::uint64_t remainder = 0;  // what the last division left
  };

  void enter(std::span<const ServerSlot> slots, std::uint32_t index) {
    turns_[index].remainder = 0;
    place(slots, index, now_ + total_ / turns_[index].weight);
  }

  void place(std::span<const ServerSlot> slots, std::uint32_t index, std::uint64_t position) {
    line_.place(index, position, ~turns_[index].weight, busy(slots[index]));
  }

  ServerLine line_;
  std::vector<Turn> turns_;
  std::uint64_t total_ = 0;
  std::uint64_t now_ = 0;  // the highest position picked so far
};

}  // namespace

std::unique_ptr<Order> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace weir::balance
