// `balance leastconn`: the server with the fewest sessions for its weight.
//
// A server with sessions stands at (sessions + 1) / weight, an idle one at 0; on a tie, the one that has stood there
// longest. So equal servers take turns, as the running program does (picker_test.cpp). The caller reports every change
// of `served` or `queued`; the line itself is never scanned.
#include "balance/orders.h"
#include "balance/server_line.h"

namespace weir::balance {
namespace {

class LeastConnections final : public Order {
 public:
  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) override {
    line_.reset(slots.size());
    for (const std::uint32_t index : members) insert(slots, index);
  }

  void insert(std::span<const ServerSlot> slots, std::uint32_t index) override {
    line_.place(index, key_of(slots[index]), 0, busy(slots[index]));
  }

  void erase(std::span<const ServerSlot>, std::uint32_t index) override { line_.erase(index); }

  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index) override { load_changed(slots, index); }

  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) override {
    if (!line_.contains(index)) return;
    const std::uint64_t key = key_of(slots[index]);
    if (key == line_.key(index))
      line_.set_busy(index, busy(slots[index]));
    else
      line_.place(index, key, 0, busy(slots[index]));
  }

  std::uint32_t pick(std::span<const ServerSlot>, const PickRequest& request) override {
    return line_.first(request.exclude);
  }

 private:
  // The ratio as a whole number with 24 bits of fraction: two different ratios of weights up to 4096 never fall
  // together.
  static std::uint64_t key_of(const ServerSlot& slot) {
    const std::uint64_t sessions = std::uint64_t{slot.served} + slot.queued;
    return sessions == 0 ? 0 : ((sessions + 1) << 24U) / slot.effective_weight();
  }

  ServerLine line_;
};

}  // namespace

std::unique_ptr<Order> make_least_connections(const Options&) { return std::make_unique<LeastConnections>(); }

}  // namespace weir::balance
