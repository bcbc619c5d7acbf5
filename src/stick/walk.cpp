// Looking at many entries: in pieces, without stalling the workers that use the table.
#include <algorithm>

#include "stick/entry.h"

namespace weir::stick {

std::optional<std::string> StickTable::key_at(std::uintptr_t address) {
  for (unsigned i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    for (const auto& slab : shard.slabs) {
      const auto start = reinterpret_cast<std::uintptr_t>(slab.get());
      const bool last = slab == shard.slabs.back();
      const std::size_t filled = std::size_t{last ? shard.slab_used : shard.slab_capacity} * entry_bytes_;
      if (address < start || address >= start + filled) continue;
      if ((address - start) % entry_bytes_ != 0) return std::nullopt;
      const auto* entry = reinterpret_cast<const Entry*>(address);
      if (!entry->live) return std::nullopt;
      return std::string(key_of(*entry));
    }
  }
  return std::nullopt;
}

StickTable::Removal StickTable::remove_at(std::uintptr_t address, TimePoint now) {
  const auto key = key_at(address);
  return key ? remove(*key, now) : Removal::absent;
}

void StickTable::fill(View& view, const Entry& entry, std::uint32_t now, bool own) const {
  view.address = reinterpret_cast<std::uintptr_t>(&entry);
  view.key.assign(key_of(entry));
  view.uses = entry.uses;
  const auto left = static_cast<std::int32_t>(entry.ends - now);
  view.expires_in = Milliseconds(expire_ != 0 && left > 0 ? left : 0);
  view.update = entry.update;
  view.learned = entry.learned;
  view.values.clear();
  for (const Column& column : config_.columns) {
    const Place& where = places_[static_cast<std::size_t>(column.type)];
    for (std::uint32_t i = 0; i < column.count; ++i) {
      std::uint64_t value = load(entry, where, i, now);
      // A shard's lock of another table under one of this one; never the other way.
      if (parts_ && !own) value += of_others(view.key, column.type, i, origin_ + Milliseconds(now));
      view.values.push_back(value);
    }
  }
}

std::optional<StickTable::View> StickTable::view(const Pin& pin, TimePoint now) {
  const std::scoped_lock guard(shard_of(*pin.entry_).lock);
  View copy;
  fill(copy, *pin.entry_, tick(now));
  return copy;
}

std::uint32_t StickTable::uses_of(std::string_view key, TimePoint now) {
  return look_at(key, now,
                 [](Shard&, const Entry* entry, std::uint32_t) { return entry == nullptr ? 0 : entry->uses; });
}

std::uint32_t StickTable::uses(const Pin& pin) {
  const std::scoped_lock guard(shard_of(*pin.entry_).lock);
  return pin.entry_->uses;
}

std::string_view StickTable::key(const Pin& pin) const { return key_of(*pin.entry_); }

void StickTable::read_some(Cursor& cursor, std::size_t budget, TimePoint now, std::vector<View>& out) {
  const std::uint32_t at = tick(now);
  std::size_t looked = 0;
  while (cursor.shard < shard_count_ && looked < budget) {
    Shard& shard = shards_[cursor.shard];
    const std::scoped_lock guard(shard.lock);
    const std::uint32_t end = shard.positions();
    for (; cursor.position < end && looked < budget; ++cursor.position, ++looked) {
      const Entry* entry = shard.at(cursor.position);
      if (entry->live && !expired(*entry, at)) fill(out.emplace_back(), *entry, at);
    }
    if (cursor.position < end) return;
    ++cursor.shard;
    cursor.position = 0;
  }
  cursor.done = cursor.shard >= shard_count_;
}

std::optional<StickTable::View> StickTable::view_of(std::string_view key, TimePoint now) {
  return look_at(key, now, [this](Shard&, const Entry* entry, std::uint32_t at) -> std::optional<View> {
    if (entry == nullptr) return std::nullopt;
    View copy;
    fill(copy, *entry, at);
    return copy;
  });
}

void StickTable::changed_since(std::uint64_t update, std::size_t budget, TimePoint now, std::vector<View>& out,
                               bool own) {
  const std::uint32_t at = tick(now);
  const auto before = static_cast<std::ptrdiff_t>(out.size());
  for (unsigned i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    const Entry* entry = shard.order.newest;
    while (entry != nullptr && entry->older != nullptr && entry->older->update > update) entry = entry->older;
    std::size_t taken = 0;
    for (; entry != nullptr && taken < budget; entry = entry->newer)
      if (entry->update > update && !expired(*entry, at)) {
        fill(out.emplace_back(), *entry, at, own);
        ++taken;
      }
    for (entry = shard.parked.oldest; entry != nullptr; entry = entry->newer)
      if (entry->update > update) fill(out.emplace_back(), *entry, at, own);
  }
  std::ranges::sort(out.begin() + before, out.end(), {}, &View::update);
  if (out.size() - static_cast<std::size_t>(before) > budget) out.resize(static_cast<std::size_t>(before) + budget);
}

std::size_t StickTable::expire_some(TimePoint now, std::size_t budget) {
  if (expire_ == 0) return 0;
  const std::uint32_t at = tick(now);
  std::size_t freed = 0;
  for (unsigned i = 0; i < shard_count_ && freed < budget; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    while (freed < budget && shard.order.oldest != nullptr) {
      Entry& entry = *shard.order.oldest;
      if (static_cast<std::int32_t>(at - entry.ends) < 0) break;
      if (entry.uses != 0) {
        shard.park(entry);  // its turn comes again when it is released
        continue;
      }
      erase(shard, entry);
      used_.fetch_sub(1, std::memory_order_relaxed);
      ++freed;
    }
  }
  return freed;
}

}  // namespace weir::stick
