#include "stick/table.h"

#include <algorithm>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/assert.h"

namespace weir::stick {

// 56 bytes before the key. Links are pointers, not indices: blocks come from slabs that never move.
struct Entry {
  Entry* chain = nullptr;  // of the bucket, or of the free list
  Entry* older = nullptr;
  Entry* newer = nullptr;
  std::uint64_t update = 0;
  std::uint32_t hash = 0;
  std::uint32_t ends = 0;  // table tick
  std::uint32_t uses = 0;
  std::uint32_t key_size = 0;
  std::uint16_t shard = 0;
  bool live = false;
};

namespace {

constexpr std::uint64_t kNobody = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kSlabBytes = 256 * 1024;
constexpr std::size_t kFirstBuckets = 16;

char* raw(Entry& entry) { return reinterpret_cast<char*>(&entry); }
const char* raw(const Entry& entry) { return reinterpret_cast<const char*>(&entry); }

template <class T>
T read_at(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
void write_at(char* at, const T& value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

struct alignas(64) StickTable::Shard {
  std::mutex lock;
  std::vector<Entry*> buckets = std::vector<Entry*>(kFirstBuckets);
  std::vector<std::unique_ptr<char[]>> slabs;
  std::uint32_t slab_capacity = 0;  // entries in one slab
  std::uint32_t slab_used = 0;      // of the last slab
  Entry* free = nullptr;
  Entry* oldest = nullptr;
  Entry* newest = nullptr;
  std::size_t count = 0;
  std::atomic<std::uint64_t> oldest_update{kNobody};

  Entry* at(std::uint32_t position) {
    return reinterpret_cast<Entry*>(slabs[position / slab_capacity].get() +
                                    std::size_t{position % slab_capacity} * entry_bytes);
  }
  [[nodiscard]] std::uint32_t positions() const {
    return slabs.empty() ? 0 : static_cast<std::uint32_t>(slabs.size() - 1) * slab_capacity + slab_used;
  }
  void unlink(Entry& entry) {
    (entry.older ? entry.older->newer : oldest) = entry.newer;
    (entry.newer ? entry.newer->older : newest) = entry.older;
  }
  void append(Entry& entry) {
    entry.older = newest;
    entry.newer = nullptr;
    (newest ? newest->newer : oldest) = &entry;
    newest = &entry;
  }
  void publish() {
    const Entry* head = oldest;
    while (head != nullptr && head->uses != 0) head = head->newer;  // pinned ones cannot go
    oldest_update.store(head ? head->update : kNobody, std::memory_order_relaxed);
  }
  void grow() {
    std::vector<Entry*> wider(buckets.size() * 2);
    for (Entry* entry : buckets)
      while (entry != nullptr) {
        Entry* next = entry->chain;
        Entry*& head = wider[entry->hash & (wider.size() - 1)];
        entry->chain = head;
        head = entry;
        entry = next;
      }
    buckets.swap(wider);
  }
  std::uint32_t entry_bytes = 0;
};

std::string_view key_type_name(KeyType type) {
  constexpr std::string_view kNames[] = {"ip", "ipv6", "integer", "string", "binary"};
  return kNames[static_cast<std::size_t>(type)];
}
bool same_keys(const TableConfig& a, const TableConfig& b) { return a.type == b.type && a.key_length == b.key_length; }
bool same_shape(const TableConfig& a, const TableConfig& b) {
  return same_keys(a, b) && a.columns == b.columns && a.size == b.size && a.expire == b.expire &&
         a.nopurge == b.nopurge;
}
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
  entry_bytes_ = (at + 7U) & ~7U;
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
  if (--entry_->uses == 0) shard.publish();
  entry_ = nullptr;
}

std::uint32_t StickTable::tick(TimePoint now) const {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<Milliseconds>(now - origin_).count());
}
StickTable::Shard& StickTable::shard_of(std::uint64_t hash) { return shards_[(hash >> 32U) % shard_count_]; }
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
    if (entry->hash != low || key_of(*entry) != key) continue;
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
    Entry* entry = chosen->oldest;
    while (entry != nullptr && entry->uses != 0) entry = entry->newer;
    if (entry == nullptr) {
      chosen->publish();
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
  shard.append(*entry);
  touch(shard, *entry, now);
  return entry;
}

void StickTable::touch(Shard& shard, Entry& entry, std::uint32_t now) {
  shard.unlink(entry);
  shard.append(entry);
  entry.update = next_update_.fetch_add(1, std::memory_order_relaxed) + 1;
  entry.ends = now + expire_;
  shard.publish();
}

/// Under the shard's lock; the caller accounts for the place.
void StickTable::erase(Shard& shard, Entry& entry) {
  Entry** link = &shard.buckets[entry.hash & (shard.buckets.size() - 1)];
  while (*link != &entry) link = &(*link)->chain;
  *link = entry.chain;
  shard.unlink(entry);
  entry.live = false;
  entry.chain = shard.free;
  shard.free = &entry;
  --shard.count;
  shard.publish();
}

StickTable::Pin StickTable::find(std::string_view key, TimePoint now) {
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  Shard& shard = shard_of(hash);
  const std::scoped_lock guard(shard.lock);
  Entry* entry = lookup(shard, hash, key, tick(now));
  if (entry == nullptr) return {};
  if (entry->uses++ == 0) shard.publish();
  return {this, entry};
}

StickTable::Pin StickTable::obtain(std::string_view key, TimePoint now) {
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  const std::uint32_t at = tick(now);
  Shard& shard = shard_of(hash);
  for (bool reserved = false;;) {
    {
      const std::scoped_lock guard(shard.lock);
      Entry* entry = lookup(shard, hash, key, at);
      if (entry != nullptr && reserved) used_.fetch_sub(1, std::memory_order_relaxed);  // another thread was faster
      if (entry == nullptr && reserved) {
        entry = insert(shard, hash, key, at);
      } else if (entry != nullptr) {
        touch(shard, *entry, at);
      }
      if (entry != nullptr) {
        ++entry->uses;
        shard.publish();
        return {this, entry};
      }
    }
    if (!reserve(at)) return {};
    reserved = true;
  }
}

const StickTable::Place* StickTable::place(DataType type, std::uint32_t index) const {
  const Place* found = &places_[static_cast<std::size_t>(type)];
  if (found->count != 0) return index < found->count ? found : nullptr;
  // The arrays serve the single words too: gpc0 is the first element of gpc(n). Manual: store gpc, gpt, gpc_rate.
  struct Alias {
    DataType from, to;
    std::uint32_t index;
  };
  constexpr Alias kAliases[] = {{DataType::gpt0, DataType::gpt, 0},
                                {DataType::gpc0, DataType::gpc, 0},
                                {DataType::gpc1, DataType::gpc, 1},
                                {DataType::gpc0_rate, DataType::gpc_rate, 0},
                                {DataType::gpc1_rate, DataType::gpc_rate, 1}};
  for (const Alias& alias : kAliases)
    if (alias.from == type) {
      found = &places_[static_cast<std::size_t>(alias.to)];
      return alias.index < found->count ? found : nullptr;
    }
  return nullptr;
}

namespace {
std::uint32_t element(DataType type, std::uint32_t index, std::uint32_t count) {
  return (type == DataType::gpc1 || type == DataType::gpc1_rate) && count > 1 ? 1 : index;
}
}  // namespace

std::uint64_t StickTable::load(const Entry& entry, const Place& place, std::uint32_t index, std::uint32_t now) const {
  const char* at = raw(entry) + place.offset + std::size_t{index} * stick::bytes_of(place.form);
  switch (place.form) {
    case DataForm::number: return read_at<std::uint32_t>(at);
    case DataForm::wide: return read_at<std::uint64_t>(at);
    case DataForm::rate: return read_at<Rate>(at).read(now, place.period);
  }
  return 0;
}

std::optional<std::uint64_t> StickTable::value_of(std::string_view key, DataType type, TimePoint now,
                                                  std::uint32_t index) {
  const Place* where = place(type, index);
  if (where == nullptr) return std::nullopt;
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  Shard& shard = shard_of(hash);
  const std::scoped_lock guard(shard.lock);
  const Entry* entry = lookup(shard, hash, key, tick(now));
  if (entry == nullptr) return std::nullopt;
  return load(*entry, *where, element(type, index, where->count), tick(now));
}

void StickTable::refresh(const Pin& pin, TimePoint now) {
  Shard& shard = shard_of(*pin.entry_);
  const std::scoped_lock guard(shard.lock);
  touch(shard, *pin.entry_, tick(now));
}

std::optional<std::uint64_t> StickTable::get(const Pin& pin, DataType type, TimePoint now, std::uint32_t index) {
  const Place* where = place(type, index);
  if (where == nullptr) return std::nullopt;
  const std::scoped_lock guard(shard_of(*pin.entry_).lock);
  return load(*pin.entry_, *where, element(type, index, where->count), tick(now));
}

bool StickTable::set(const Pin& pin, DataType type, std::uint64_t value, TimePoint now, std::uint32_t index) {
  const Place* where = place(type, index);
  if (where == nullptr) return false;
  Shard& shard = shard_of(*pin.entry_);
  const std::uint32_t nth = element(type, index, where->count);
  const std::scoped_lock guard(shard.lock);
  char* at = raw(*pin.entry_) + where->offset + std::size_t{nth} * stick::bytes_of(where->form);
  if (where->form == DataForm::number) write_at(at, static_cast<std::uint32_t>(value));
  if (where->form == DataForm::wide) write_at(at, value);
  if (where->form == DataForm::rate) {
    Rate rate;
    rate.set(tick(now), static_cast<std::uint32_t>(value));
    write_at(at, rate);
  }
  touch(shard, *pin.entry_, tick(now));
  return true;
}

bool StickTable::add(const Pin& pin, DataType type, std::int64_t amount, TimePoint now, std::uint32_t index) {
  const Place* where = place(type, index);
  if (where == nullptr) return false;
  Shard& shard = shard_of(*pin.entry_);
  const std::uint32_t nth = element(type, index, where->count);
  const std::scoped_lock guard(shard.lock);
  char* at = raw(*pin.entry_) + where->offset + std::size_t{nth} * stick::bytes_of(where->form);
  if (where->form == DataForm::number) write_at(at, read_at<std::uint32_t>(at) + static_cast<std::uint32_t>(amount));
  if (where->form == DataForm::wide) write_at(at, read_at<std::uint64_t>(at) + static_cast<std::uint64_t>(amount));
  if (where->form == DataForm::rate) {
    auto rate = read_at<Rate>(at);
    rate.add(tick(now), where->period, static_cast<std::uint32_t>(amount));
    write_at(at, rate);
  }
  touch(shard, *pin.entry_, tick(now));
  return true;
}

StickTable::Removal StickTable::remove(std::string_view key, TimePoint now) {
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  Shard& shard = shard_of(hash);
  const std::scoped_lock guard(shard.lock);
  Entry* entry = lookup(shard, hash, key, tick(now));
  if (entry == nullptr) return Removal::absent;
  if (entry->uses != 0) return Removal::in_use;
  erase(shard, *entry);
  used_.fetch_sub(1, std::memory_order_relaxed);
  return Removal::removed;
}

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

void StickTable::fill(View& view, const Entry& entry, std::uint32_t now) const {
  view.address = reinterpret_cast<std::uintptr_t>(&entry);
  view.key.assign(key_of(entry));
  view.uses = entry.uses;
  const auto left = static_cast<std::int32_t>(entry.ends - now);
  view.expires_in = Milliseconds(expire_ != 0 && left > 0 ? left : 0);
  view.update = entry.update;
  view.values.clear();
  for (const Column& column : config_.columns) {
    const Place& where = places_[static_cast<std::size_t>(column.type)];
    for (std::uint32_t i = 0; i < column.count; ++i) view.values.push_back(load(entry, where, i, now));
  }
}

std::optional<StickTable::View> StickTable::view(const Pin& pin, TimePoint now) {
  const std::scoped_lock guard(shard_of(*pin.entry_).lock);
  View copy;
  fill(copy, *pin.entry_, tick(now));
  return copy;
}

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

void StickTable::changed_since(std::uint64_t update, std::size_t budget, TimePoint now, std::vector<View>& out) {
  const std::uint32_t at = tick(now);
  for (unsigned i = 0; i < shard_count_; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    const Entry* entry = shard.newest;
    while (entry != nullptr && entry->older != nullptr && entry->older->update > update) entry = entry->older;
    for (std::size_t n = 0; entry != nullptr && n < budget; entry = entry->newer)
      if (entry->update > update) {
        fill(out.emplace_back(), *entry, at);
        ++n;
      }
  }
  std::ranges::sort(out, {}, &View::update);
  if (out.size() > budget) out.resize(budget);
}

std::size_t StickTable::expire_some(TimePoint now, std::size_t budget) {
  if (expire_ == 0) return 0;
  const std::uint32_t at = tick(now);
  std::size_t freed = 0;
  for (unsigned i = 0; i < shard_count_ && freed < budget; ++i) {
    Shard& shard = shards_[i];
    const std::scoped_lock guard(shard.lock);
    for (Entry* entry = shard.oldest; entry != nullptr && freed < budget;) {
      Entry* next = entry->newer;
      if (static_cast<std::int32_t>(at - entry->ends) < 0) break;
      if (entry->uses == 0) {
        erase(shard, *entry);
        used_.fetch_sub(1, std::memory_order_relaxed);
        ++freed;
      }
      entry = next;
    }
  }
  return freed;
}

void StickTable::migrate(StickTable& from, TimePoint now) {
  WEIR_ASSERT(same_keys(config_, from.config_));
  std::vector<View> views;
  for (Cursor cursor; !cursor.done;) from.read_some(cursor, 1024, now, views);
  std::ranges::sort(views, {}, &View::update);
  for (const View& view : views) {
    const Pin pin = obtain(view.key, now);
    if (!pin) continue;
    std::size_t at = 0;
    for (const Column& column : from.config_.columns)
      for (std::uint32_t i = 0; i < column.count; ++i) set(pin, column.type, view.values[at++], now, i);
    if (expire_ == 0 || from.expire_ == 0) continue;
    const std::scoped_lock guard(shard_of(*pin.entry_).lock);
    const auto left = static_cast<std::uint32_t>(view.expires_in.count());
    pin.entry_->ends = tick(now) + std::min(left, expire_);
  }
}

}  // namespace weir::stick
