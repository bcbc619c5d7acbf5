// The entries of one version of a list: in their order, by their keys, and by every way in which they are matched.
//
// A reference has one that is matched against and any number that are being prepared; a commit makes one of these the
// current one by one store, whatever its size. Writers hold the reference's lock.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "sample/pattern_view.h"

namespace weir::sample {

/// Entries by their places, which only rise: no entry moves, and one that went leaves a hole until its neighbours went.
class EntryOrder {
 public:
  explicit EntryOrder(std::uint64_t first) : first_(first / kChunk) {}
  void add(PatternEntry* entry);
  void remove(const PatternEntry* entry);
  [[nodiscard]] PatternEntry* at(std::uint64_t place) const;
  /// The first at that place or behind it; nullptr: none.
  [[nodiscard]] PatternEntry* next(std::uint64_t place) const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::uint64_t kChunk = 64;
  struct Chunk {
    std::array<PatternEntry*, kChunk> entries{};
    std::uint32_t live = 0;
  };
  std::uint64_t first_;  // the number of chunks_.front()
  std::deque<std::unique_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

class PatternGeneration {
 public:
  PatternGeneration(std::uint32_t version, std::uint64_t first_place, std::size_t expected);
  PatternGeneration(const PatternGeneration&) = delete;
  PatternGeneration& operator=(const PatternGeneration&) = delete;

  std::uint32_t version;  // given before anybody looks into it

  [[nodiscard]] const EntryOrder& order() const { return order_; }
  [[nodiscard]] const KeyTable& keys() const { return keys_; }
  /// The way that was made by make_view(). Any thread.
  [[nodiscard]] const PatternView& view(ViewKind kind) const { return *views_[kind.index()]; }
  [[nodiscard]] bool has_view(ViewKind kind) const { return views_[kind.index()] != nullptr; }
  /// The first entry whose key is no pattern of that kind, or nullptr. With `all` there is no view then, else one
  /// without those entries.
  const PatternEntry* make_view(ViewKind kind, bool all, Retired& retired);

  /// Makes the search for regular expressions fast, which takes too long for any time but that of reading a
  /// configuration.
  void compile_view(ViewKind kind) { views_[kind.index()]->compile(); }

  /// `hash` is key_hash(key).
  PatternEntry& add(std::uint64_t place, std::uint32_t hash, std::string_view key,
                    std::optional<std::string_view> value, Retired& retired);
  void remove(PatternEntry& entry, Retired& retired);
  void set(PatternEntry& entry, std::string_view value, Retired& retired);

 private:
  [[nodiscard]] const PatternValue* make_value(void* memory, std::string_view text);
  static void give_back(void* pool, void* object, std::size_t size) {
    static_cast<PatternPool*>(pool)->give(object, size);
  }

  PatternPool pool_;
  EntryOrder order_;
  KeyTable keys_;
  std::array<std::unique_ptr<PatternView>, kViewKinds> views_{};  // one is put in before anybody asks for it
};

}  // namespace weir::sample
