#include "stick/backlog.h"

#include <algorithm>

#include "base/assert.h"
#include "stick/entry.h"

namespace weir::stick {
namespace {

// A teaching ends with what changed while it ran, in so many rounds at most: a busy table always changes.
constexpr unsigned kMostRounds = 3;

}  // namespace

void Backlog::forget() {
  merging_.clear();
  listing_ = false;
  next_shard_ = 0;
}

void Backlog::start_over() {
  forget();
  teaching_ = true;
  rounds_ = 0;
  told_ = target_ = since_ = 0;
}

void Backlog::resume_behind(std::uint64_t update) {
  forget();
  teaching_ = false;
  told_ = target_ = since_ = update;
}

std::uint64_t Backlog::common_updates(const StickTable& former, const StickTable& latter) {
  std::uint64_t last = latter.taken_until_;
  for (const StickTable* table = &former; table != nullptr && table != &latter;) {
    table = table->next_.load(std::memory_order_acquire);
    if (table != nullptr) last = std::min(last, table->taken_until_);
  }
  return last;
}

void Backlog::move_to(std::shared_ptr<StickTable> table) {
  const std::uint64_t common = common_updates(*table_, *table);
  table_ = std::move(table);
  const bool teaching = teaching_;
  resume_behind(std::min(told_, common));  // what was listed lies in the table before
  teaching_ = teaching;
}

void Backlog::list_shard(unsigned index) {
  StickTable::Shard& shard = table_->shards_[index];
  List list{.shard = index};
  const auto wanted = [&](const Entry& entry) {
    return entry.update > since_ && entry.update <= target_ && (teaching_ || !entry.learned);
  };
  {
    const std::scoped_lock guard(shard.lock);
    // Most of them changed: the slabs are read in order, which is faster than following a list through memory.
    const bool most = (target_ - since_) / table_->shard_count_ > shard.count / 4;
    if (most) {
      const std::uint32_t end = shard.positions();
      for (std::uint32_t position = 0; position < end; ++position) {
        const Entry* entry = shard.at(position);
        if (entry->live && wanted(*entry)) list.items.push_back({entry->update, entry});
      }
    } else {
      for (const Entry* entry = shard.order.newest; entry != nullptr && entry->update > since_; entry = entry->older)
        if (wanted(*entry)) list.items.push_back({entry->update, entry});
      for (const Entry* entry = shard.parked.oldest; entry != nullptr; entry = entry->newer)
        if (wanted(*entry)) list.items.push_back({entry->update, entry});
    }
  }
  if (list.items.empty()) return;
  std::ranges::sort(list.items, {}, &Item::update);
  merging_.push_back(std::move(list));
}

/// The oldest of what is listed, if it is still as it was when it was listed.
bool Backlog::take(TimePoint now, StickTable::Told& told) {
  while (!merging_.empty()) {
    auto list = std::ranges::min_element(merging_, {}, [](const List& one) { return one.items[one.next].update; });
    const Item item = list->items[list->next++];
    StickTable::Shard& shard = table_->shards_[list->shard];
    if (list->next == list->items.size()) merging_.erase(list);
    const std::uint32_t at = table_->tick(now);
    const std::scoped_lock guard(shard.lock);
    if (!item.entry->live || item.entry->update != item.update || table_->expired(*item.entry, at)) continue;
    table_->tell(told, *item.entry, at);
    told_ = item.update;
    return true;
  }
  return false;
}

Backlog::Step Backlog::next(TimePoint now, StickTable::Told& told) {
  if (!listing_ && take(now, told)) return Step::entry;
  if (!listing_) {
    told_ = std::max(told_, target_);
    since_ = told_;
    target_ = table_->last_update();
    if (teaching_ && rounds_++ == kMostRounds) teaching_ = false;
    if (since_ >= target_) {
      target_ = since_;
      teaching_ = false;
      return Step::none;
    }
    listing_ = true;
    next_shard_ = 0;
  }
  // Short lists are made at once: a busy table is told of every few milliseconds.
  constexpr std::uint64_t kFew = 4096;
  do list_shard(next_shard_++);
  while (next_shard_ < table_->shard_count_ && target_ - since_ <= kFew);
  if (next_shard_ < table_->shard_count_) return Step::later;
  listing_ = false;
  return take(now, told) ? Step::entry : Step::later;
}

}  // namespace weir::stick
