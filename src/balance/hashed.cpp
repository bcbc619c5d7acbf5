// `balance source`, `rdp-cookie`, `hash` with the default hash-type: the key's hash names a place in a map of the
// usable servers.
//
// The map has one place per unit of weight. It is laid out anew when a server came, went or changed weight and the next
// key asks, so a pick is one division; a full server keeps its keys, the session waits for it. Without a key the
// servers take turns. A redispatch walks on from the key's own place to the next other server.
#include <vector>

#include "balance/acceptance.h"
#include "balance/orders.h"
#include "balance/weight_map.h"

namespace weir::balance {
namespace {

class Hashed final : public Order {
 public:
  explicit Hashed(const Options& options) : acceptance_(options), turns_(make_round_robin(options)) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    map_.reset(slots.size());
    for (const std::uint32_t index : members) map_.insert(index);
    acceptance_.reset(slots, members);
    turns_->reset(slots, members);
  }

  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    map_.insert(index);
    acceptance_.insert(slots, index);
    turns_->insert(slots, index);
  }

  void erase(std::span<const ServerSlot> slots, std::uint32_t index) override {
    map_.erase(index);
    acceptance_.erase(index);
    turns_->erase(slots, index);
  }

  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    map_.weight_changed();
    acceptance_.changed(slots, index);
    turns_->weight_changed(slots, index);
  }

  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    acceptance_.changed(slots, index);
    turns_->load_changed(slots, index);
  }

  std::uint32_t pick(std::span<const ServerSlot> slots, const PickRequest& request) override {
    if (!request.hash) return turns_->pick(slots, request);
    const std::span<const std::uint32_t> places = map_.places(slots);
    return acceptance_.choose(places.size(), *request.hash % places.size(), request.exclude,
                              [&](std::size_t place) { return places[place]; });
  }

 private:
  WeightMap map_;
  Acceptance acceptance_;
  std::unique_ptr<Order> turns_;
};

}  // namespace

std::unique_ptr<Order> make_hashed(const Options& options) {
  if (options.consistent) return make_consistent(options);
  return std::make_unique<Hashed>(options);
}

}  // namespace weir::balance
