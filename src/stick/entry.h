// How a stick table lies in memory: the entry's header and the shard. For the table's own files only.
//
// An entry is one block of a slab: 56 bytes of header, the key in `key_length` bytes, the columns. Links are pointers,
// not indices, for slabs never move. A shard's entries are in its list by the number of their latest change, oldest
// first; pinned entries that stood in the way of an eviction are parked in a second list, so that the first one's head
// can always go, and come back when they are released.
#pragma once

#include <atomic>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/short_lock.h"
#include "stick/table.h"

namespace weir::stick {

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
  bool parked = false;
  bool learned = false;  // the latest change came from another process
};

inline constexpr std::uint64_t kNobody = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::size_t kFirstBuckets = 16;

inline char* raw(Entry& entry) { return reinterpret_cast<char*>(&entry); }
inline const char* raw(const Entry& entry) { return reinterpret_cast<const char*>(&entry); }
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

/// Addresses and integers, what most tables hold, are compared without a call.
inline bool same_bytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() == sizeof(std::uint32_t)) return read_at<std::uint32_t>(a.data()) == read_at<std::uint32_t>(b.data());
  return a == b;
}
inline std::uint64_t hash_of(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

/// The array's element that a column's name means: gpc1 and its rate stand for the second one.
inline std::uint32_t element(DataType type, std::uint32_t index, std::uint32_t count) {
  return (type == DataType::gpc1 || type == DataType::gpc1_rate) && count > 1 ? 1 : index;
}

/// A doubly linked list through the entries' older and newer.
struct EntryList {
  Entry* oldest = nullptr;
  Entry* newest = nullptr;
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
  /// At its place by `update`. What was parked is older than nearly all others: the walk is short.
  void insert_sorted(Entry& entry) {
    Entry* next = oldest;
    while (next != nullptr && next->update < entry.update) next = next->newer;
    if (next == nullptr) {
      append(entry);
      return;
    }
    entry.newer = next;
    entry.older = next->older;
    (next->older ? next->older->newer : oldest) = &entry;
    next->older = &entry;
  }
  /// The same where it belongs near the newest end.
  void insert_behind_older(Entry& entry) {
    Entry* before = newest;
    while (before != nullptr && before->update > entry.update) before = before->older;
    entry.older = before;
    entry.newer = before != nullptr ? before->newer : oldest;
    (entry.newer ? entry.newer->older : newest) = &entry;
    (before ? before->newer : oldest) = &entry;
  }
};

struct alignas(64) StickTable::Shard {
  ShortLock lock;
  std::vector<Entry*> buckets = std::vector<Entry*>(kFirstBuckets);
  std::vector<std::unique_ptr<char[]>> slabs;
  std::uint32_t slab_capacity = 0;  // entries in one slab
  std::uint32_t slab_used = 0;      // of the last slab
  std::uint32_t entry_bytes = 0;
  Entry* free = nullptr;
  EntryList order;
  EntryList parked;
  std::size_t count = 0;
  std::atomic<std::uint64_t> oldest_update{kNobody};  // of `order`'s head, read without the lock

  [[nodiscard]] Entry* at(std::uint32_t position) const {
    return reinterpret_cast<Entry*>(slabs[position / slab_capacity].get() +
                                    std::size_t{position % slab_capacity} * entry_bytes);
  }
  [[nodiscard]] std::uint32_t positions() const {
    return slabs.empty() ? 0 : static_cast<std::uint32_t>(slabs.size() - 1) * slab_capacity + slab_used;
  }
  [[nodiscard]] EntryList& list_of(const Entry& entry) { return entry.parked ? parked : order; }
  void publish() {
    const std::uint64_t update = order.oldest ? order.oldest->update : kNobody;
    if (oldest_update.load(std::memory_order_relaxed) != update) oldest_update.store(update, std::memory_order_relaxed);
  }
  void park(Entry& entry) {
    order.unlink(entry);
    parked.append(entry);
    entry.parked = true;
    publish();
  }
  void unpark(Entry& entry) {
    parked.unlink(entry);
    order.insert_sorted(entry);
    entry.parked = false;
    publish();
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
};

/// What `look(shard, entry, tick)` finds at the entry of this key, or at none (null), under its shard's lock.
template <class Look>
auto StickTable::look_at(std::string_view key, TimePoint now, Look&& look) {
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = hash_of(key);
  const std::uint32_t at = tick(now);
  Shard& shard = shard_of(hash);
  const std::scoped_lock guard(shard.lock);
  return look(shard, lookup(shard, hash, key, at), at);
}

/// obtain(), with `then(entry, tick)` done under the same lock.
template <class Then>
StickTable::Pin StickTable::obtain_then(std::string_view key, TimePoint now, Then&& then) {
  std::string room;
  key = fit(key, room);
  const std::uint64_t hash = hash_of(key);
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
        then(*entry, at);
        return {this, entry};
      }
    }
    if (!reserve(at)) return {};
    reserved = true;
  }
}

}  // namespace weir::stick
