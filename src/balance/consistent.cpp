// `hash-type consistent`: keys are looked up on a ring of the servers' points; what has no key takes turns.
#include <memory>

#include "balance/acceptance.h"
#include "balance/orders.h"
#include "balance/ring.h"

namespace weir::balance {
namespace {

class Consistent final : public Order {
 public:
  explicit Consistent(const Options& options) : acceptance_(options), turns_(make_round_robin(options)) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    ring_.reset(slots.size());
    for (const std::uint32_t index : members) place(slots, index);
    acceptance_.reset(slots, members);
    turns_->reset(slots, members);
  }
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    place(slots, index);
    acceptance_.insert(slots, index);
    turns_->insert(slots, index);
  }
  void erase(std::span<const ServerSlot> slots, std::uint32_t index) override {
    ring_.set(index, 0, 0);
    acceptance_.erase(index);
    turns_->erase(slots, index);
  }
  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    place(slots, index);
    acceptance_.changed(slots, index);
    turns_->weight_changed(slots, index);
  }
  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    acceptance_.changed(slots, index);
    turns_->load_changed(slots, index);
  }
  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    if (!request.hash) return turns_->pick(slots, request);
    const std::span<const Ring::Point> points = ring_.points();
    return acceptance_.choose(points.size(), ring_.nearest(*request.hash), request.exclude,
                              [&](std::size_t place) { return points[place].server; });
  }

 private:
  void place(std::span<const ServerSlot> slots, std::uint32_t index) {
    ring_.set(index, slots[index].node_key, slots[index].effective_weight());
  }

  Ring ring_;
  Acceptance acceptance_;
  std::unique_ptr<Order> turns_;
};

}  // namespace

std::unique_ptr<Order> make_consistent(const Options& options) { return std::make_unique<Consistent>(options); }

}  // namespace weir::balance
