// Migration: the entries of a table go over to the one that takes its name.
//
// The old table keeps serving sessions of the old plan, so nothing may stall it. First each shard's entries are listed
// by position and update number, which reads the slabs in order and takes a millisecond for 60,000 entries; then the
// sorted list is copied a few entries at a time. An entry that changed in between has another number by then: it is
// passed over, and what changed since the beginning is copied last.
#include <algorithm>

#include "base/assert.h"
#include "stick/entry.h"

namespace weir::stick {

void Migration::list_shard(unsigned index) {
  StickTable::Shard& shard = from_.shards_[index];
  const std::scoped_lock guard(shard.lock);
  const std::uint32_t end = shard.positions();
  items_.reserve(items_.size() + shard.count);
  for (std::uint32_t position = 0; position < end; ++position) {
    const Entry* entry = shard.at(position);
    if (entry->live && entry->update <= started_at_) items_.push_back({entry->update, position, index});
  }
}

void Migration::copy(const StickTable::View& view, TimePoint now) {
  const StickTable::Pin pin = to_.obtain(view.key, now);
  if (!pin) return;
  std::size_t at = 0;
  for (const Column& column : from_.config_.columns) {
    const bool text = row_of(column.type).form == DataForm::text;
    for (std::uint32_t i = 0; i < column.count; ++i, ++at) {
      // Open connections are counted where they are tracked, and move there one by one (take_over).
      if (column.type == DataType::conn_cur) continue;
      if (text) {
        to_.set_text(pin, column.type, from_.text_of_number(view.values[at]), now);
      } else {
        to_.set(pin, column.type, view.values[at], now, i);
      }
    }
  }
  StickTable::Shard& shard = to_.shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  Entry& entry = *pin.entry_;
  if (to_.expire_ != 0 && from_.expire_ != 0)
    entry.ends = to_.tick(now) + std::min(static_cast<std::uint32_t>(view.expires_in.count()), to_.expire_);
  // It keeps its place in the order of updates, so that nobody is told of it twice.
  entry.update = view.update;
  entry.learned = view.learned;
  shard.list_of(entry).unlink(entry);
  shard.list_of(entry).insert_behind_older(entry);
  shard.publish();
}

void Migration::catch_up(TimePoint now) {
  constexpr std::size_t kPiece = 4096;
  std::vector<StickTable::View> changed;
  const std::uint64_t until = from_.last_update();
  for (std::uint64_t from = started_at_;;) {
    changed.clear();
    from_.changed_since(from, kPiece, now, changed, true);
    for (const StickTable::View& view : changed) copy(view, now);
    if (changed.size() < kPiece) break;
    from = changed.back().update;
  }
  number_behind();
  to_.taken_until_ = until;
}

/// What changes in the new table comes behind all that changed in the one before.
void Migration::number_behind() {
  const std::uint64_t last = from_.last_update();
  std::uint64_t next = to_.last_update();
  while (next < last && !to_.next_update_.compare_exchange_weak(next, last)) {
  }
}

bool Migration::step(TimePoint now, std::size_t budget) {
  WEIR_ASSERT(same_keys(from_.config_, to_.config_));
  if (next_shard_ < from_.shard_count_) {
    if (next_shard_ == 0) {
      started_at_ = from_.last_update();
      number_behind();
      to_.life_ = from_.life_;
      if (to_.parts_ && from_.parts_ && same_parts(from_.config_, to_.config_)) to_.parts_ = from_.parts_;
    }
    list_shard(next_shard_++);
    if (next_shard_ == from_.shard_count_) std::ranges::sort(items_, {}, &Item::update);
    return false;
  }
  const std::uint32_t at = from_.tick(now);
  for (std::size_t n = 0; n < budget && next_item_ < items_.size(); ++n, ++next_item_) {
    const Item& item = items_[next_item_];
    StickTable::View view;
    {
      StickTable::Shard& shard = from_.shards_[item.shard];
      const std::scoped_lock guard(shard.lock);
      const Entry* entry = shard.at(item.position);
      if (!entry->live || entry->update != item.update || from_.expired(*entry, at)) continue;
      from_.fill(view, *entry, at, true);
    }
    copy(view, now);
  }
  if (next_item_ < items_.size()) return false;
  catch_up(now);
  return true;
}

void StickTable::migrate(StickTable& from, TimePoint now) {
  Migration migration(from, *this);
  while (!migration.step(now, 1024)) {
  }
}

}  // namespace weir::stick
