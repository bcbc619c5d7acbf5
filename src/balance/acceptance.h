// Whether the server that a key belongs to may have its session: hash-preserve-affinity, hash-balance-factor, and the
// server a redispatch leaves out. Who may not passes the key on along the map or the ring.
//
// Bounded load: no server may have more than `factor` percent of its weight's share of all sessions, the one to be
// placed counted. Sums and counts are kept as changes are reported, so a question costs no scan. Manual:
// hash-balance-factor, hash-preserve-affinity.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "balance/picker.h"
#include "balance/server_line.h"

namespace weir::balance {

class Acceptance {
 public:
  explicit Acceptance(const Options& options) : affinity_(options.affinity), factor_(options.balance_factor) {}

  void reset(std::span<const ServerSlot> slots, std::span<const std::uint32_t> members) {
    known_.assign(slots.size(), Known{});
    members_ = refusing_ = 0;
    sessions_ = weights_ = 0;
    for (const std::uint32_t index : members) insert(slots, index);
  }
  void insert(std::span<const ServerSlot> slots, std::uint32_t index) {
    known_[index].member = true;
    ++members_;
    count(slots, index);
  }
  void erase(std::uint32_t index) {
    uncount(index);
    known_[index] = Known{};
    --members_;
  }
  void changed(std::span<const ServerSlot> slots, std::uint32_t index) {
    if (!known_[index].member) return;
    uncount(index);
    count(slots, index);
  }

  [[nodiscard]] bool accepts(std::uint32_t index, std::uint32_t exclude) const {
    if (index == exclude) return false;
    const Known& server = known_[index];
    if (server.refuses) return false;
    return factor_ == 0 ||
           std::uint64_t{server.sessions} * weights_ * 100U < (sessions_ + 1) * std::uint64_t{server.weight} * factor_;
  }

  /// Walks the places from `start` on; `at(i)` is the server of place i. When nobody accepts: the one before, for a
  /// queue that must form somewhere, or the key's own.
  template <class At>
  [[nodiscard]] std::uint32_t choose(std::size_t places, std::size_t start, std::uint32_t exclude, At at) const {
    const std::uint32_t own = at(start);
    if (accepts(own, exclude)) return own;
    if (refusing_ < members_)
      for (std::size_t step = 1; step < places; ++step)
        if (const std::uint32_t other = at((start + step) % places); accepts(other, exclude)) return other;
    if (affinity_ != Options::Affinity::maxconn && own != exclude) return own;
    for (std::size_t step = 1; step < places; ++step)
      if (const std::uint32_t other = at((start + places - step) % places); other != own && other != exclude)
        return other;
    return own;
  }

 private:
  struct Known {
    bool member = false;
    bool refuses = false;
    std::uint32_t sessions = 0;
    std::uint32_t weight = 0;
  };

  [[nodiscard]] bool refuses(const ServerSlot& slot) const {
    if (affinity_ == Options::Affinity::maxconn) return busy(slot);
    if (affinity_ == Options::Affinity::maxqueue)
      return slot.maxconn != 0 && slot.maxqueue != 0 && slot.queued >= slot.maxqueue;
    return false;
  }
  void count(std::span<const ServerSlot> slots, std::uint32_t index) {
    Known& server = known_[index];
    server.refuses = refuses(slots[index]);
    server.sessions = slots[index].served + slots[index].queued;
    server.weight = slots[index].effective_weight();
    refusing_ += server.refuses ? 1U : 0U;
    sessions_ += server.sessions;
    weights_ += server.weight;
  }
  void uncount(std::uint32_t index) {
    const Known& server = known_[index];
    refusing_ -= server.refuses ? 1U : 0U;
    sessions_ -= server.sessions;
    weights_ -= server.weight;
  }

  const Options::Affinity affinity_;
  const std::uint32_t factor_;
  std::vector<Known> known_;  // by server index
  std::uint32_t members_ = 0;
  std::uint32_t refusing_ = 0;
  std::uint64_t sessions_ = 0;
  std::uint64_t weights_ = 0;
};

}  // namespace weir::balance
