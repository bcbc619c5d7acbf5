// `balance first`: the first server, in the order of the configuration, that has a free place. Weights do not count.
#include "balance/orders.h"
#include "balance/server_line.h"

namespace weir::balance {
namespace {

class First final : public Order {
 public:
  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    line_.reset(slots.size());
    for (const std::uint32_t index : members) insert(slots, index);
  }

  // The manual speaks of the numeric identifier: `id` decides, not the line in the file.
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    line_.place(index, slots[index].id, 0, busy(slots[index]));
  }

  void erase(std::span<const ServerSlot>, std::uint32_t index) override { line_.erase(index); }

  void weight_changed(std::span<const ServerSlot>, std::uint32_t) override {}

  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    line_.set_busy(index, busy(slots[index]));
  }

  std::uint32_t pick(std::span<const ServerSlot>, const PickRequest& request) override {
    return line_.first(request.exclude);
  }

 private:
  ServerLine line_;
};

}  // namespace

std::unique_ptr<Order> make_first(const Options&) { return std::make_unique<First>(); }

}  // namespace weir::balance
