// What a pick may see of a server: numbers only, no socket, no name.
//
// The backend owns one ServerSlot per server, in configuration order, and guards them with its one lock; whoever picks
// holds it. The owner writes the facts and tells the Picker what changed; picks never write a slot.
#pragma once

#include <cstdint>

namespace weir::balance {

inline constexpr std::uint32_t kMaxWeight = 256;

struct ServerSlot {
  std::uint32_t id = 0;
  std::uint32_t node_key = 0;  // where its points on the ring start
  std::uint16_t weight = 1;    // as configured or set at run time, 0..256
  std::uint16_t warm = 100;    // percent of the weight that counts now: below 100 during a slow start
  bool up = true;              // passes its checks and is in no maintenance
  bool drained = false;        // takes persistent sessions only
  bool backup = false;
  std::uint32_t served = 0;    // sessions on it, reserved ones included
  std::uint32_t queued = 0;    // sessions that wait for this server
  std::uint32_t maxconn = 0;   // in force now (after minconn and fullconn); 0: no limit
  std::uint32_t maxqueue = 0;  // 0: no limit

  /// May be given new sessions by an algorithm. A full one still may: it queues.
  [[nodiscard]] bool usable() const { return up && !drained && weight != 0; }
  [[nodiscard]] bool full() const { return maxconn != 0 && served >= maxconn; }
  /// Sixteenths of a weight unit, so that a slow start has fine steps; at least 1 for a usable server.
  [[nodiscard]] std::uint32_t effective_weight() const {
    const std::uint32_t scaled = std::uint32_t{weight} * 16U * warm / 100U;
    return weight != 0 && scaled == 0 ? 1 : scaled;
  }
  /// In whole units, as the statistics show it: at least 1 for a usable server.
  [[nodiscard]] std::uint32_t shown_weight() const { return (effective_weight() + 15U) / 16U; }
};

}  // namespace weir::balance
