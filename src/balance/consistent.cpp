#include "balance/consistent.h"

#include "balance/orders.h"

namespace weir::balance {

void RingOfServers::place(std::span<const ServerSlot> slots, std::uint32_t index) {
  ring_.set(index, slots[index].node_key, slots[index].effective_weight());
}

void RingOfServers::reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) {
  ring_.reset(slots.size());
  acceptance_.reset(slots, members);
  for (const std::uint32_t index : members) place(slots, index);
}

void RingOfServers::insert(std::span<const ServerSlot> slots, std::uint32_t index) {
  place(slots, index);
  acceptance_.insert(slots, index);
}

void RingOfServers::erase(std::uint32_t index) {
  ring_.set(index, 0, 0);
  acceptance_.erase(index);
}

void RingOfServers::weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) {
  place(slots, index);
  acceptance_.changed(slots, index);
}

std::uint32_t RingOfServers::pick(std::uint32_t hash, std::uint32_t exclude) {
  const std::span<const Ring::Point> points = ring_.points();
  return acceptance_.choose(points.size(), ring_.nearest(hash), exclude,
                            [&](std::size_t place) { return points[place].server; });
}

namespace {

class Consistent final : public Order {
 public:
  explicit Consistent(const Options& options) : ring_(options), turns_(make_round_robin(options)) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    ring_.reset(slots, members);
    turns_->reset(slots, members);
  }
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    ring_.insert(slots, index);
    turns_->insert(slots, index);
  }
  void erase(std::span<const ServerSlot> slots, std::uint32_t index) override {
    ring_.erase(index);
    turns_->erase(slots, index);
  }
  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    ring_.weight_changed(slots, index);
    turns_->weight_changed(slots, index);
  }
  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    ring_.load_changed(slots, index);
    turns_->load_changed(slots, index);
  }
  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    return request.hash ? ring_.pick(*request.hash, request.exclude) : turns_->pick(slots, request);
  }

 private:
  RingOfServers ring_;
  std::unique_ptr<Order> turns_;
};

}  // namespace

std::unique_ptr<Order> make_consistent(const Options& options) { return std::make_unique<Consistent>(options); }

}  // namespace weir::balance
