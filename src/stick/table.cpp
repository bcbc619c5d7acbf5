#include "stick/table.h"

#include <algorithm>
#include <random>

#include "base/assert.h"
#include "stick/entry.h"
#include "stick/parts.h"

namespace weir::stick {
namespace {
constexpr std::uint32_t kSlabBytes = 256 * 1024;
}  // namespace

std::string_view key_type_name(KeyType type) {
  constexpr std::string_view kNames[] = {"ip", "ipv6", "integer", "string", "binary"};
  return kNames[static_cast<std::size_t>(type)];
}
bool same_keys(const TableConfig& a, const TableConfig& b) { return a.type == b.type && a.key_length == b.key_length; }
bool same_shape(const TableConfig& a, const TableConfig& b) {
  return same_keys(a, b) && a.columns == b.columns && a.size == b.size && a.expire == b.expire &&
         a.nopurge == b.nopurge && a.recv_only == b.recv_only && a.server_key_is_address == b.server_key_is_address &&
         a.bytes_rate_factor == b.bytes_rate_factor && a.aggregate == b.aggregate &&
         a.aggregate_timeout == b.aggregate_timeout && a.peers == b.peers && a.write_to == b.write_to;
}
bool same_parts(const TableConfig& a, const TableConfig& b) { return same_keys(a, b) && a.columns == b.columns; }
const Column* find_column(const TableConfig& config, DataType type) {
  const auto found = std::ranges::find(config.columns, type, &Column::type);
  return found == config.columns.end() ? nullptr : &*found;
}

StickTable::StickTable(TableConfig config, unsigned shards)
    : config_(std::move(config)), places_(kDataTypes), origin_(Clock::now()), shard_count_(shards) {
  WEIR_ASSERT(shards >= 1 && shards <= 65535);
  key_offset_ = sizeof(Entry);
  std::uint32_t at = key_offset_ + config_.key_length;
  at = (at + 3U) & ~3U;
  for (const Column& column : config_.columns) {
    const DataForm form = row_of(column.type).form;
    places_[static_cast<std::size_t>(column.type)] = {at, column.count, column.period, form};
    at += stick::bytes_of(form) * column.count;
  }
  counts_sessions_ = stores(DataType::sess_cnt) || stores(DataType::sess_rate);
  counts_bytes_ = stores(DataType::bytes_in_cnt) || stores(DataType::bytes_in_rate) ||
                  stores(DataType::bytes_out_cnt) || stores(DataType::bytes_out_rate);
  entry_bytes_ = (at + 7U) & ~7U;
  if (config_.aggregate) parts_ = std::make_shared<Parts>(config_);
  while (life_ == 0) life_ = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
  if (config_.expire) expire_ = static_cast<std::uint32_t>(config_.expire->count());
  shards_ = std::make_unique<Shard[]>(shards);
  for (unsigned i = 0; i < shards; ++i) {
    shards_[i].entry_bytes = entry_bytes_;
    // A small table must not pay for a large slab per shard.
    const std::uint64_t share = config_.size / shards + 1;
    shards_[i].slab_capacity = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, std::min<std::uint64_t>(share, kSlabBytes / entry_bytes_)));
  }
}
StickTable::~StickTable() = default;

StickTable::Pin& StickTable::Pin::operator=(Pin&& other) noexcept {
  if (this != &other) {
    release();
    table_ = other.table_;
    entry_ = other.entry_;
    other.entry_ = nullptr;
  }
  return *this;
}
void StickTable::Pin::release() {
  if (entry_ == nullptr) return;
  Shard& shard = table_->shard_of(*entry_);
  const std::scoped_lock guard(shard.lock);
  WEIR_ASSERT(entry_->uses != 0);
  if (--entry_->uses == 0 && entry_->parked) shard.unpark(*entry_);
  entry_ = nullptr;
}

std::uint32_t StickTable::tick(TimePoint now) const {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<Milliseconds>(now - origin_).count());
}
// The hash's upper half, scaled: a division would cost as much as the lock.
StickTable::Shard& StickTable::shard_of(std::uint64_t hash) { return shards_[((hash >> 32U) * shard_count_) >> 32U]; }
StickTable::Shard& StickTable::shard_of(const Entry& entry) { return shards_[entry.shard]; }
std::string_view StickTable::key_of(const Entry& entry) const { return {raw(entry) + key_offset_, entry.key_size}; }
bool StickTable::expired(const Entry& entry, std::uint32_t now) const {
  return expire_ != 0 && entry.uses == 0 && static_cast<std::int32_t>(now - entry.ends) >= 0;
}

std::string_view StickTable::fit(std::string_view key, std::string& room) const {
  if (key.size() > config_.key_length) return key.substr(0, config_.key_length);
  if (config_.type != KeyType::binary || key.size() == config_.key_length) return key;
  room.assign(key);
  room.resize(config_.key_length);
  return room;
}

Entry* StickTable::lookup(Shard& shard, std::uint64_t hash, std::string_view key, std::uint32_t now) {
  const auto low = static_cast<std::uint32_t>(hash);
  for (Entry* entry = shard.buckets[low & (shard.buckets.size() - 1)]; entry != nullptr; entry = entry->chain) {
    if (entry->hash != low || !same_bytes(key_of(*entry), key)) continue;
    if (!expired(*entry, now)) return entry;
    erase(shard, *entry);
    used_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return nullptr;
}

/// Takes one of the table's `size` places, by eviction when there is none left.
bool StickTable::reserve(std::uint32_t now) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  for (;;) {
    while (used < config_.size)
      if (used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed)) return true;
    if (config_.nopurge) {
      // An expired entry holds no place, even where nothing may be purged.
      if (expire_some(origin_ + Milliseconds(now), 16) == 0) return false;
      used = used_.load(std::memory_order_relaxed);
      continue;
    }
    return evict_oldest();  // its place passes to the caller
  }
}

bool StickTable::evict_oldest() {
  for (;;) {
    Shard* chosen = nullptr;
    std::uint64_t least = kNobody;
    for (unsigned i = 0; i < shard_count_; ++i) {
      const std::uint64_t update = shards_[i].oldest_update.load(std::memory_order_relaxed);
      if (update < least) {
        least = update;
        chosen = &shards_[i];
      }
    }
    if (chosen == nullptr) return false;  // all are pinned
    const std::scoped_lock guard(chosen->lock);
    Entry* entry = chosen->order.oldest;
    if (entry == nullptr) continue;  // somebody else took it; its shard has published that
    if (entry->uses != 0) {
      chosen->park(*entry);
      continue;
    }
    erase(*chosen, *entry);
    return true;
  }
}

Entry* StickTable::insert(Shard& shard, std::uint64_t hash, std::string_view key, std::uint32_t now) {
  if (shard.count >= shard.buckets.size()) shard.grow();
  Entry* entry = shard.free;
  if (entry != nullptr) {
    shard.free = entry->chain;
  } else {
    if (shard.slabs.empty() || shard.slab_used == shard.slab_capacity) {
      shard.slabs.push_back(
          std::make_unique_for_overwrite<char[]>(std::size_t{shard.slab_capacity} * shard.entry_bytes));
      shard.slab_used = 0;
    }
    ++shard.slab_used;
    entry = shard.at(shard.positions() - 1);
  }
  std::memset(static_cast<void*>(entry), 0, entry_bytes_);
  entry->hash = static_cast<std::uint32_t>(hash);
  entry->shard = static_cast<std::uint16_t>(&shard - shards_.get());
  entry->key_size = static_cast<std::uint32_t>(key.size());
  entry->live = true;
  if (!key.empty()) std::memcpy(raw(*entry) + key_offset_, key.data(), key.size());
  Entry*& head = shard.buckets[entry->hash & (shard.buckets.size() - 1)];
  entry->chain = head;
  head = entry;
  ++shard.count;
  shard.order.append(*entry);
  touch(shard, *entry, now);
  return entry;
}

void StickTable::touch(Shard& shard, Entry& entry, std::uint32_t now) {
  entry.update = next_update_.fetch_add(1, std::memory_order_seq_cst) + 1;
  entry.ends = now + expire_;
  entry.learned = false;
  if (shard.order.newest != &entry) {  // what is counted in a row moves once
    shard.list_of(entry).unlink(entry);
    shard.order.append(entry);
    entry.parked = false;
  }
  shard.publish();
  // The counter went up before this is read, as the reader arms the bell before it reads the counter: one sees the
  // other.
  Bell* bell = bell_.load(std::memory_order_acquire);
  if (bell != nullptr && bell->armed.load(std::memory_order_seq_cst) && bell->armed.exchange(false)) bell->ring(*bell);
}

/// Under the shard's lock; the caller accounts for the place.
void StickTable::erase(Shard& shard, Entry& entry) {
  Entry** link = &shard.buckets[entry.hash & (shard.buckets.size() - 1)];
  while (*link != &entry) link = &(*link)->chain;
  *link = entry.chain;
  shard.list_of(entry).unlink(entry);
  entry.live = false;
  entry.chain = shard.free;
  shard.free = &entry;
  --shard.count;
  shard.publish();
}

StickTable::Pin StickTable::find(std::string_view key, TimePoint now) {
  return look_at(key, now, [this](Shard&, Entry* entry, std::uint32_t) -> Pin {
    if (entry == nullptr) return {};
    ++entry->uses;
    return {this, entry};
  });
}

StickTable::Pin StickTable::obtain(std::string_view key, TimePoint now) {
  return obtain_then(key, now, [](Entry&, std::uint32_t) {});
}

StickTable::Removal StickTable::remove(std::string_view key, TimePoint now) {
  return look_at(key, now, [this](Shard& shard, Entry* entry, std::uint32_t) {
    if (entry == nullptr) return Removal::absent;
    if (entry->uses != 0) return Removal::in_use;
    erase(shard, *entry);
    used_.fetch_sub(1, std::memory_order_relaxed);
    return Removal::removed;
  });
}

}  // namespace weir::stick
