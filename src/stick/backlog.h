// Backlog: what one listener has yet to hear of a table, in the order of updates.
//
// There is no queue of updates: an entry that changes a thousand times while nobody listens is told once, as it is
// then, so what waits is never more than the table holds. The entries changed since the last telling are listed shard
// by shard (each list is in order already, or is read from the slabs and sorted when nearly all changed), a shard a
// step, so that neither a worker nor the shard's lock is held for long; then the lists are merged as they are told. An
// entry that changed again in between has another number by then: it is passed over, and told in the next round. What
// another process told us is no change of ours and told only to who asks for all there is. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "stick/table.h"

namespace weir::stick {

/// Manual: shards. The share of the keys that this one belongs to, from 1; 0 where all are one.
[[nodiscard]] inline std::uint32_t shard_of(std::string_view key, std::uint32_t shards) {
  return shards == 0 ? 0 : static_cast<std::uint32_t>(StickTable::key_hash(key) % shards) + 1;
}

class Backlog {
 public:
  explicit Backlog(std::shared_ptr<StickTable> table) : table_(std::move(table)) {}

  enum class Step : std::uint8_t {
    entry,  // `told` was filled in
    later,  // a shard was listed: others may go first
    none,   // all has been told
  };
  Step next(TimePoint now, StickTable::Told& told);
  /// All there is, learned from others or not, and what changes meanwhile; then as ever.
  void start_over();
  /// Goes on behind this update: all up to it are known over there.
  void resume_behind(std::uint64_t update);
  /// True from start_over() until all was told.
  [[nodiscard]] bool teaching() const { return teaching_; }
  /// Up to here all was told.
  [[nodiscard]] std::uint64_t told() const { return told_; }
  /// Whether there may be something to tell, without looking for it.
  [[nodiscard]] bool waiting() const { return listing_ || !merging_.empty() || table_->last_update() != target_; }

  [[nodiscard]] StickTable& table() const { return *table_; }
  /// The table that took over the entries with their numbers.
  void move_to(std::shared_ptr<StickTable> table);
  /// Up to here the numbers of both tables mean the same updates: changes that came to the former one after its entries
  /// were taken bear numbers that the latter gives to its own.
  [[nodiscard]] static std::uint64_t common_updates(const StickTable& former, const StickTable& latter);

 private:
  struct Item {
    std::uint64_t update = 0;
    const Entry* entry = nullptr;
  };
  struct List {
    std::vector<Item> items;
    std::size_t next = 0;
    unsigned shard = 0;
  };
  void list_shard(unsigned index);
  void forget();
  bool take(TimePoint now, StickTable::Told& told);

  std::shared_ptr<StickTable> table_;
  bool teaching_ = false;
  bool listing_ = false;
  unsigned rounds_ = 0;  // of a teaching
  unsigned next_shard_ = 0;
  std::uint64_t told_ = 0;
  std::uint64_t since_ = 0;   // the round's lists begin behind it
  std::uint64_t target_ = 0;  // and end here
  std::vector<List> merging_;
};

}  // namespace weir::stick
