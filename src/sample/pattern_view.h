// One way of matching the entries of a list: the list's patterns, indexed for one kind of comparison and changeable
// while all threads match.
//
// Equal texts, beginnings, networks, hex blocks and single integers are found by hashing, the finest first. Suffixes,
// directories and domains are found by hashing too, and of those that match the first one in the list counts, as of
// ranges, parts and regular expressions, which are tried one after the other. Of parts and regular expressions, those
// that were there when the view was compiled are found together (substring_index.h, regex_index.h) until one of them
// goes; what comes later stands behind them and is tried after them. Case-sensitive texts need no index beside the
// list's own (Generation::keys). Writers hold the reference's lock. Manual 7.1, 7.3.1 (map).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sample/key_index.h"
#include "sample/pattern.h"
#include "sample/pattern_entry.h"
#include "sample/pattern_pool.h"
#include "sample/regex_index.h"
#include "sample/substring_index.h"

namespace weir::sample {

/// What `get map` calls the way of finding: "tree" or "list".
[[nodiscard]] std::string_view index_name(ViewKind kind);
/// Whether `key` is a pattern of that kind; the error says what it is not.
Result<void> check_pattern(ViewKind kind, std::string_view key);

using KeyTable = KeyIndex<PatternEntry>;

/// How long keys are, longest first: what a search for beginnings, suffixes or networks has to try. Of directories and
/// domains: in components.
class KeyLengths {
 public:
  KeyLengths() = default;
  KeyLengths(const KeyLengths&) = delete;
  KeyLengths& operator=(const KeyLengths&) = delete;
  ~KeyLengths() { delete shown_.load(std::memory_order_relaxed); }
  void add(std::uint32_t length, Retired& retired);
  void remove(std::uint32_t length, Retired& retired);
  using List = std::vector<std::uint32_t>;
  [[nodiscard]] const List& list() const;

 private:
  void show(Retired& retired);
  std::map<std::uint32_t, std::size_t, std::greater<>> counts_;
  std::atomic<const List*> shown_{nullptr};
};

class PatternView {
 public:
  PatternView(ViewKind kind, PatternPool& pool, const KeyTable& keys) : kind_(kind), pool_(pool), keys_(keys) {}
  PatternView(const PatternView&) = delete;
  PatternView& operator=(const PatternView&) = delete;
  ~PatternView();

  [[nodiscard]] ViewKind kind() const { return kind_; }
  /// Indexes what is there, before anybody asks. Regular expressions take their time: seconds, when they are many.
  void compile();
  /// False, and nothing is added, when the entry's key is no pattern of this kind.
  bool add(const PatternEntry& entry, Retired& retired);
  void remove(const PatternEntry& entry, Retired& retired);
  /// Any thread. `sample` has the type match_input() names. nullptr: nothing matches.
  [[nodiscard]] const PatternEntry* find(const Sample& sample, Arena& arena) const;
  /// Of kind reg: the expression too, while the turn lasts.
  [[nodiscard]] const PatternEntry* find_expression(std::string_view text, const Regex*& regex) const;

 private:
  struct Node {  // of what has bytes of its own: lowered texts, networks, integers, hex blocks
    Node* next_equal;
    const PatternEntry* entry;
    std::uint32_t hash;
    std::uint32_t size;
    [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), size}; }
    [[nodiscard]] std::uint64_t position() const { return entry->place; }
  };
  struct Item {  // of what is tried one after the other
    std::atomic<Item*> next{nullptr};
    Item* previous = nullptr;
    const PatternEntry* entry = nullptr;
    std::int64_t low = 0;
    std::int64_t high = 0;
    std::string text;  // lowered
    Regex regex;
  };
  struct Compiled {  // finds among the first items
    std::vector<const Item*> items;
    std::unique_ptr<const SubstringIndex> parts;
    std::unique_ptr<const RegexIndex> expressions;
  };

  void add_node(const PatternEntry& entry, std::string_view bytes, Retired& retired);
  void remove_node(const PatternEntry& entry, std::string_view bytes, Retired& retired);
  bool add_item(const PatternEntry& entry);
  void remove_item(const PatternEntry& entry, Retired& retired);
  [[nodiscard]] bool hashed(std::string_view key, std::string& bytes) const;
  [[nodiscard]] std::optional<std::uint32_t> length_of(const PatternEntry& entry, std::string_view bytes) const;
  [[nodiscard]] const PatternEntry* find_node(std::string_view bytes) const;
  [[nodiscard]] const PatternEntry* find_beginning(std::string_view text) const;
  [[nodiscard]] const PatternEntry* find_network(const Sample& sample) const;
  [[nodiscard]] const PatternEntry* find_integer(std::int64_t value) const;
  [[nodiscard]] const Item* behind(const Compiled* compiled) const;
  [[nodiscard]] const PatternEntry* find_part(std::string_view text) const;
  [[nodiscard]] const PatternEntry* find_suffix(std::string_view text) const;
  [[nodiscard]] const PatternEntry* find_piece(std::string_view text) const;

  ViewKind kind_;
  PatternPool& pool_;
  const KeyTable& keys_;
  KeyIndex<Node> nodes_;
  KeyLengths lengths_;
  std::atomic<Item*> first_{nullptr};
  Item* last_ = nullptr;
  std::atomic<const Compiled*> compiled_{nullptr};
};

}  // namespace weir::sample
