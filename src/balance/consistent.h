// A ring of servers as an Order: what `hash-type consistent` and `balance random` look keys up in.
#pragma once

#include <memory>

#include "balance/acceptance.h"
#include "balance/picker.h"
#include "balance/ring.h"

namespace weir::balance {

/// The part that both share: the ring and who on it may be chosen.
class RingOfServers {
 public:
  explicit RingOfServers(const Options& options) : acceptance_(options) {}
  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members);
  void insert(std::span<const ServerSlot> slots, std::uint32_t index);
  void erase(std::uint32_t index);
  void weight_changed(std::span<const ServerSlot> slots, std::uint32_t index);
  void load_changed(std::span<const ServerSlot> slots, std::uint32_t index) { acceptance_.changed(slots, index); }
  [[nodiscard]] std::uint32_t pick(std::uint32_t hash, std::uint32_t exclude);

 private:
  void place(std::span<const ServerSlot> slots, std::uint32_t index);
  Ring ring_;
  Acceptance acceptance_;
};

[[nodiscard]] std::unique_ptr<Order> make_consistent(const Options& options);

}  // namespace weir::balance
