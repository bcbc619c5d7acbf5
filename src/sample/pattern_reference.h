// A list of patterns that the configuration names: a map's file, an ACL's file, the patterns of one ACL line. It
// changes while weir runs, and all expressions that name the same file share it. Manual 2.7; management 9.3, show map.
//
// Readers take no lock: they load the current generation and look in it; what they find is theirs until their turn ends
// (base/reclaim.h). Writers, commands and rules on any worker, take the reference's lock for as long as one entry
// needs. A clear or commit exchanges the generation. ACLs match by a set compiled when they were read (PatternSet)
// until the first change of a list of theirs, and by the list itself from then on; so does no rule pay for what nobody
// uses, and a list that only ACLs use is not even built before that.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/reclaim.h"
#include "base/result.h"
#include "sample/map_output.h"
#include "sample/pattern_generation.h"

namespace weir::sample {

/// What a list held when it was read.
struct PatternSource {
  std::string name;  // of a file, without file@ and opt@; empty: an ACL line's own patterns
  std::shared_ptr<const std::string> content;
  std::vector<std::string> patterns;  // of a line, which has no content
  bool two_columns = false;           // keys and values
};

class PatternReference : public std::enable_shared_from_this<PatternReference> {
 public:
  /// More entries than this are refused, in a file and at run time: every list has an end.
  static constexpr std::size_t kMostEntries = 32'000'000;

  explicit PatternReference(PatternSource source);
  PatternReference(const PatternReference&) = delete;
  PatternReference& operator=(const PatternReference&) = delete;
  ~PatternReference();

  [[nodiscard]] const std::string& name() const { return source_.name; }
  [[nodiscard]] bool two_columns() const { return source_.two_columns; }
  /// Of what was read: a file that has another one now has changed since.
  [[nodiscard]] std::uint64_t content_hash() const { return content_hash_; }
  [[nodiscard]] static std::uint64_t hash_of_patterns(const std::vector<std::string>& patterns);

  // While the configuration is read.

  /// A map looks into it in this way. The error names file and line.
  Result<void> use_as_map(ViewKind kind, MapOutput output);
  /// An ACL has compiled what was read: it is told before the first change, or at once if there was one.
  void use_as_acl(const std::shared_ptr<PatternSet>& acl);
  /// Nobody reads what it held any more.
  void forget_content();

  // For readers: within one turn of a worker.

  [[nodiscard]] const PatternEntry* find(ViewKind kind, const Sample& sample, Arena& arena) const {
    return current_.load(std::memory_order_acquire)->view(kind).find(sample, arena);
  }
  [[nodiscard]] const PatternEntry* find_expression(ViewKind kind, std::string_view text, const Regex*& regex) const {
    return current_.load(std::memory_order_acquire)->view(kind).find_expression(text, regex);
  }

  // Changes, from any thread. Errors are for a person.

  using Version = std::optional<std::uint32_t>;  // nullopt: the current one
  enum class Outcome : std::uint8_t { done, not_found, in_the_future, out_of_range };
  Result<Outcome> add(std::string_view key, std::optional<std::string_view> value, Version version = {});
  /// All entries with that key.
  Outcome remove(std::string_view key);
  Outcome remove_at(std::uint64_t place);
  Result<Outcome> set(std::string_view key, std::string_view value);
  Result<Outcome> set_at(std::uint64_t place, std::string_view value);
  /// What rules do: sets what is there, adds what is not.
  Result<Outcome> put(std::string_view key, std::optional<std::string_view> value);
  void clear(Version version);
  std::uint32_t prepare();
  Outcome commit(std::uint32_t version);
  /// Another content in one step, as fast to look into as one that was read with the configuration: all of it is
  /// checked, indexed and compiled beside what is looked into, which takes its time, and then exchanged. Gives the
  /// number of entries. The error names the line, and nothing has changed then. `kinds`: how ACLs ask, who are not told
  /// of the list before its first change.
  Result<std::size_t> replace(std::string_view content, std::span<const ViewKind> kinds);

  struct Facts {
    std::uint32_t current_version;
    std::uint32_t next_version;
    std::size_t entries;  // of all versions
  };
  [[nodiscard]] Facts facts();
  /// Calls `see(entry)` for at most `most` entries from `place` on, under the lock; `place` is moved on. False: that
  /// was the end.
  template <class See>
  bool see_some(Version version, std::uint64_t& place, std::size_t most, const See& see);
  /// Makes what find() of that kind needs, for who asks without having announced it.
  void prepare_to_find(ViewKind kind);

 private:
  struct Round;
  using Guard = std::scoped_lock<std::mutex>;
  void build();
  [[nodiscard]] std::size_t entries_in_source() const;
  [[nodiscard]] std::string where(const PatternEntry& entry) const;
  Result<void> check(std::string_view key, std::optional<std::string_view> value) const;
  [[nodiscard]] Result<void> check_value(std::string_view value) const;
  [[nodiscard]] PatternGeneration* generation(std::uint32_t version) const;
  std::unique_ptr<PatternGeneration> new_generation(std::uint32_t version);
  void exchange_current(std::unique_ptr<PatternGeneration> next);
  void drop_prepared(std::uint32_t version);
  void retire(std::unique_ptr<PatternGeneration> old);
  PatternEntry* entry_at(std::uint64_t place, PatternGeneration*& of) const;
  void about_to_change();
  void let_go();
  void reclaim(Retired& retired);

  PatternSource source_;
  const std::uint64_t content_hash_;
  std::mutex lock_;
  std::atomic<PatternGeneration*> current_{nullptr};  // null: not built yet
  std::map<std::uint32_t, std::unique_ptr<PatternGeneration>> prepared_;
  std::uint32_t next_version_ = 0;
  std::uint64_t next_place_ = 1;
  std::vector<ViewKind> kinds_;
  bool integers_ = false;   // a map reads values as integers
  bool addresses_ = false;  // a map reads values as addresses
  std::vector<std::weak_ptr<PatternSet>> acls_;
  std::atomic<bool> changed_{false};
  Retired retired_;
  bool waiting_ = false;  // a round of what was retired before is under way
};

template <class See>
bool PatternReference::see_some(Version version, std::uint64_t& place, std::size_t most, const See& see) {
  const Guard guard(lock_);
  build();
  const PatternGeneration* const from = version ? generation(*version) : current_.load(std::memory_order_relaxed);
  if (from == nullptr) return false;
  for (; most != 0; --most) {
    const PatternEntry* const entry = from->order().next(place);
    if (entry == nullptr) return false;
    see(*entry);
    place = entry->place + 1;
  }
  return true;
}

}  // namespace weir::sample
