// The servers of an Order in line for their next pick: an ordered set of (key, weight, arrival), with O(log n) moves.
//
// Two lines hold what can be picked: one of servers with a free place, one of full ones, which are taken only when no
// other is left (the session then waits in the backend's queue). A server's node is moved between and within the lines,
// never freed: a pick allocates nothing. Equal keys: the heavier first where the order asks for it, then whoever came
// first.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "balance/picker.h"
#include "base/assert.h"

namespace weir::balance {

/// Only a server with a limit can be busy: at it, or with sessions already waiting.
[[nodiscard]] inline bool busy(const ServerSlot& slot) {
  return slot.maxconn != 0 && (slot.full() || slot.queued != 0);
}

class ServerLine {
 public:
  void reset(std::size_t servers) {
    free_.clear();
    full_.clear();
    places_.assign(servers, Place{});
    arrivals_ = 0;
  }

  [[nodiscard]] bool contains(std::uint32_t index) const { return places_[index].where != Where::nowhere; }

  [[nodiscard]] bool is_full(std::uint32_t index) const { return places_[index].where == Where::full; }

  /// Puts the server at `key`, behind those that already stand there with the same `rank`; lower ranks go first.
  void place(std::uint32_t index, std::uint64_t key, std::uint32_t rank, bool is_busy) {
    Place& place = places_[index];
    const Entry entry{.key = key, .rank = rank, .arrival = ++arrivals_, .index = index};
    move_to(place, entry, is_busy);
  }

  /// The same place in the line, among the free or among the full.
  void set_busy(std::uint32_t index, bool is_busy) {
    Place& place = places_[index];
    if (place.where == Where::nowhere || (place.where == Where::full) == is_busy) return;
    move_to(place, *place.node, is_busy);
  }

  void erase(std::uint32_t index) {
    Place& place = places_[index];
    if (place.where == Where::nowhere) return;
    line(place.where).erase(place.node);
    place = Place{};
  }

  [[nodiscard]] std::uint64_t key(std::uint32_t index) const {
    WEIR_ASSERT(contains(index));
    return places_[index].node->key;
  }

  enum class Where : std::uint8_t { nowhere, free, full };

  /// The first free, or the first full server other than `exclude`.
  [[nodiscard]] std::uint32_t first_of(Where where, std::uint32_t exclude) const {
    for (const Entry& entry : where == Where::full ? full_ : free_)
      if (entry.index != exclude) return entry.index;
    return kNoServer;
  }

  /// The first free server, else the first full one; `exclude` only when it stands alone.
  [[nodiscard]] std::uint32_t first(std::uint32_t exclude) const {
    for (const Where where : {Where::free, Where::full})
      if (const std::uint32_t index = first_of(where, exclude); index != kNoServer) return index;
    return exclude < places_.size() && contains(exclude) ? exclude : kNoServer;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t rank = 0;
    std::uint64_t arrival = 0;
    std::uint32_t index = 0;
    bool operator<(const Entry& other) const {
      return std::tie(key, rank, arrival) < std::tie(other.key, other.rank, other.arrival);
    }
  };
  struct Place {
    Where where = Where::nowhere;
    std::set<Entry>::iterator node{};
  };

  std::set<Entry>& line(Where where) { return where == Where::full ? full_ : free_; }

  void move_to(Place& place, Entry entry, bool is_busy) {
    const Where target = is_busy ? Where::full : Where::free;
    if (place.where == Where::nowhere) {
      place.node = line(target).insert(entry).first;
    } else {
      auto handle = line(place.where).extract(place.node);
      handle.value() = entry;
      place.node = line(target).insert(std::move(handle)).position;
    }
    place.where = target;
  }

  std::set<Entry> free_;
  std::set<Entry> full_;
  std::vector<Place> places_;  // by server index
  std::uint64_t arrivals_ = 0;
};

}  // namespace weir::balance
