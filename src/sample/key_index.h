// A hash of keys that one thread changes while others look up, without a lock and without copying what is large.
//
// Extendible hashing: the upper bits of a hash choose a segment in a directory, the lower ones a slot in it; a segment
// that is full becomes two, or one twice its size, and replaces itself by a single store. Growth therefore costs a
// segment (4 kB) at a time: a million entries never stall a change. A slot is a pointer with 16 bits of the hash, so
// that other keys are rarely touched. Equal keys: the first one is found, the rest hang behind it, seen by writers
// only.
//
// A reader may miss what is being put in or taken out at that very moment, and sees everything else. What is replaced
// goes to `retired`. A lookup in a million keys costs a line of the directory, one of the segment and the entry's own
// (map_bench).
//
// Node: hash (32 bits), next_equal (Node*), key(), position() (the order among equal ones).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "sample/retired.h"

namespace weir::sample {

/// The hash of keys; seeded, as keys come from strangers too.
[[nodiscard]] std::uint32_t key_hash(std::string_view key);

template <class Node>
class KeyIndex {
 public:
  KeyIndex() { directory_.store(make_directory(0), std::memory_order_relaxed); }
  KeyIndex(const KeyIndex&) = delete;
  KeyIndex& operator=(const KeyIndex&) = delete;
  ~KeyIndex() {
    Directory* const directory = directory_.load(std::memory_order_relaxed);
    Segment* before = nullptr;
    for (std::size_t i = 0; i < directory->size(); ++i) {
      Segment* const segment = at(directory, i);
      if (segment != nullptr && segment != before) ::operator delete(segment);
      before = segment;
    }
    ::operator delete(directory);
  }

  /// Room for that many keys at once, before the first.
  void reserve(std::size_t keys) {
    const std::size_t segments = keys / (kSegment / 8 * 5);
    if (segments < 2) return;
    const std::uint32_t bits = std::min(static_cast<std::uint32_t>(std::bit_width(segments - 1)), kMaxBits);
    ::operator delete(directory_.load(std::memory_order_relaxed));
    Directory* const directory = make_directory(bits);
    for (std::size_t i = 0; i < directory->size(); ++i)
      put_segment(directory, i, make_segment(kSegment, bits), std::memory_order_relaxed);
    directory_.store(directory, std::memory_order_release);
  }

  /// Any thread: the first of equal keys, or nullptr.
  [[nodiscard]] Node* find(std::uint32_t hash, std::string_view key) const {
    const Directory* const directory = directory_.load(std::memory_order_acquire);
    const Segment* const segment = directory->segment(directory->place(hash)).load(std::memory_order_acquire);
    if (segment == nullptr) return nullptr;
    for (std::uint32_t i = hash;; ++i) {
      const std::uint64_t slot = segment->slot(i).load(std::memory_order_acquire);
      if (slot == kEmpty) return nullptr;
      if (slot >> 48 != tag_of(hash) || slot == kGone) continue;
      Node* const node = node_of(slot);
      if (node->key() == key) return node;
    }
  }
  /// The line that find() will wait for: loading a file asks for many at once.
  void prefetch(std::uint32_t hash) const {
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    const Segment* const segment = at(directory, directory->place(hash));
    if (segment == nullptr) return;
    __builtin_prefetch(&segment->slot(hash));
  }

  void insert(Node* node, Retired& retired) {
    if (Node* const first = find(node->hash, node->key())) {
      node->next_equal = first->next_equal;
      first->next_equal = node;
      return;
    }
    node->next_equal = nullptr;
    make_room(node->hash, retired);
    place_in(segment_of(node->hash), node);
  }

  void erase(Node* node) {
    Segment* const segment = segment_of(node->hash);
    std::uint32_t i = node->hash;
    Node* first = nullptr;
    for (;; ++i) {
      const std::uint64_t slot = segment->slot(i).load(std::memory_order_relaxed);
      if (slot == kEmpty) return;
      if (slot >> 48 != tag_of(node->hash) || slot == kGone) continue;
      first = node_of(slot);
      if (first->key() == node->key()) break;
    }
    if (first != node) {
      Node* before = first;
      while (before->next_equal != node) before = before->next_equal;
      before->next_equal = node->next_equal;
      return;
    }
    auto& slot = segment->slot(i);
    if (node->next_equal == nullptr) {
      slot.store(kGone, std::memory_order_release);
      --segment->live;
      return;
    }
    slot.store(slot_of(next_first(node)), std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kGone = 1;
  static constexpr std::uint32_t kFirst = 8;
  static constexpr std::uint32_t kSegment = 512;  // slots; one that cannot be split further grows beyond
  static constexpr std::uint32_t kMaxBits = 20;

  struct Segment {
    std::uint32_t mask;
    std::uint32_t bits;  // how many upper bits of a hash its keys share
    std::uint32_t used;  // slots that are not empty
    std::uint32_t live;
    /// They lie behind the struct.
    [[nodiscard]] std::atomic<std::uint64_t>& slot(std::uint32_t i) const {
      return reinterpret_cast<std::atomic<std::uint64_t>*>(const_cast<Segment*>(this) + 1)[i & mask];
    }
    [[nodiscard]] std::uint32_t size() const { return mask + 1; }
    [[nodiscard]] bool full() const { return used + 1 > size() - size() / 4; }
  };
  struct Directory {
    std::uint32_t bits;
    std::uint32_t unused;
    [[nodiscard]] std::atomic<Segment*>& segment(std::size_t i) const {  // behind the struct too
      return reinterpret_cast<std::atomic<Segment*>*>(const_cast<Directory*>(this) + 1)[i];
    }
    [[nodiscard]] std::size_t size() const { return std::size_t{1} << bits; }
    [[nodiscard]] std::size_t place(std::uint32_t hash) const {
      return static_cast<std::size_t>((std::uint64_t{hash} << bits) >> 32);
    }
  };

  static std::uint64_t tag_of(std::uint32_t hash) { return (hash >> 7) & 0xffff; }
  static std::uint64_t slot_of(Node* node) {
    return reinterpret_cast<std::uint64_t>(node) | (tag_of(node->hash) << 48);
  }
  static Node* node_of(std::uint64_t slot) { return reinterpret_cast<Node*>(slot & 0xffffffffffffULL); }
  static Segment* at(const Directory* directory, std::size_t i) {
    return directory->segment(i).load(std::memory_order_relaxed);
  }
  static void put_segment(Directory* directory, std::size_t i, Segment* segment, std::memory_order order) {
    directory->segment(i).store(segment, order);
  }
  [[nodiscard]] Segment* segment_of(std::uint32_t hash) const {
    const Directory* const directory = directory_.load(std::memory_order_relaxed);
    return at(directory, directory->place(hash));
  }

  // All bytes 0 are no segments and empty slots.
  static void* zeroed(std::size_t size) { return std::memset(::operator new(size), 0, size); }
  static Directory* make_directory(std::uint32_t bits) {
    return new (zeroed(sizeof(Directory) + (std::size_t{8} << bits))) Directory{bits, 0};
  }
  static Segment* make_segment(std::uint32_t slots, std::uint32_t bits) {
    return new (zeroed(sizeof(Segment) + std::size_t{8} * slots)) Segment{slots - 1, bits, 0, 0};
  }
  static void retire(Retired& retired, void* memory) {
    retired.add([](void*, void* object, std::size_t) { ::operator delete(object); }, nullptr, memory);
  }

  static void place_in(Segment* segment, Node* node) {
    std::uint32_t i = node->hash;
    std::uint64_t before = 0;
    for (;; ++i) {
      before = segment->slot(i).load(std::memory_order_relaxed);
      if (before == kEmpty || before == kGone) break;
    }
    if (before == kEmpty) ++segment->used;
    ++segment->live;
    segment->slot(i).store(slot_of(node), std::memory_order_release);
  }

  template <class See>
  static void each(const Segment* segment, const See& see) {
    for (std::uint32_t i = 0; i < segment->size(); ++i) {
      const std::uint64_t slot = segment->slot(i).load(std::memory_order_relaxed);
      if (slot != kEmpty && slot != kGone) see(node_of(slot));
    }
  }

  // The oldest of those behind the first takes its place, the others behind it.
  static Node* next_first(Node* node) {
    Node* oldest = node->next_equal;
    for (Node* one = oldest; one != nullptr; one = one->next_equal)
      if (one->position() < oldest->position()) oldest = one;
    Node* rest = node->next_equal;
    if (rest == oldest) return oldest;
    for (Node* one = rest; one != nullptr; one = one->next_equal)
      if (one->next_equal == oldest) one->next_equal = oldest->next_equal;
    oldest->next_equal = rest;
    return oldest;
  }

  void make_room(std::uint32_t hash, Retired& retired) {
    for (;;) {
      Segment* const segment = segment_of(hash);
      if (segment != nullptr && !segment->full()) return;
      Directory* const directory = directory_.load(std::memory_order_relaxed);
      if (segment == nullptr) {
        put_segment(directory, directory->place(hash), make_segment(kFirst, directory->bits),
                    std::memory_order_release);
      } else if (segment->live < segment->size() / 2) {
        replace(segment, segment->size(), retired);  // mostly places of what went
      } else if (segment->size() < kSegment || segment->bits == kMaxBits) {
        replace(segment, segment->size() * 2, retired);
      } else {
        split(segment, hash, retired);
      }
    }
  }

  // Where in the directory the segment of that hash stands: a run of entries.
  static std::size_t run_start(const Directory* directory, std::uint32_t bits, std::uint32_t hash) {
    const std::size_t run = std::size_t{1} << (directory->bits - bits);
    return directory->place(hash) / run * run;
  }

  void replace(Segment* old, std::uint32_t slots, Retired& retired) {
    Segment* const segment = make_segment(slots, old->bits);
    std::uint32_t some_hash = 0;
    each(old, [&](Node* node) {
      place_in(segment, node);
      some_hash = node->hash;
    });
    Directory* const directory = directory_.load(std::memory_order_relaxed);
    if (segment->live == 0) {  // no key says where it stands
      for (std::size_t i = 0; i < directory->size(); ++i)
        if (at(directory, i) == old) put_segment(directory, i, segment, std::memory_order_release);
    } else {
      const std::size_t start = run_start(directory, old->bits, some_hash);
      for (std::size_t i = 0; i < std::size_t{1} << (directory->bits - old->bits); ++i)
        put_segment(directory, start + i, segment, std::memory_order_release);
    }
    retire(retired, old);
  }

  void split(Segment* old, std::uint32_t hash, Retired& retired) {
    Directory* directory = directory_.load(std::memory_order_relaxed);
    if (old->bits == directory->bits) {
      Directory* const wider = make_directory(directory->bits + 1);
      for (std::size_t i = 0; i < wider->size(); ++i)
        put_segment(wider, i, at(directory, i / 2), std::memory_order_relaxed);
      directory_.store(wider, std::memory_order_release);
      retire(retired, directory);
      directory = wider;
    }
    const std::uint32_t bits = old->bits + 1;
    Segment* const halves[] = {make_segment(kSegment, bits), make_segment(kSegment, bits)};
    each(old, [&](Node* node) { place_in(halves[(node->hash >> (32 - bits)) & 1], node); });
    const std::size_t start = run_start(directory, old->bits, hash);
    const std::size_t run = std::size_t{1} << (directory->bits - old->bits);
    for (std::size_t i = 0; i < run; ++i)
      put_segment(directory, start + i, halves[i < run / 2 ? 0 : 1], std::memory_order_release);
    retire(retired, old);
  }

  std::atomic<Directory*> directory_;
};

}  // namespace weir::sample
