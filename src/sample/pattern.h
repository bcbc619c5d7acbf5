// PatternSet: the values one ACL line compares with, indexed by the kind of comparison.
//
// Integers, lengths and networks become sorted disjoint intervals (one binary search); exact strings and hex blocks a
// hash set; prefixes and suffixes one hash lookup per distinct pattern length; directories and domains one per
// component of the text (pieces.h); substrings one automaton (substring_index.h); regular expressions are PCRE2 with
// JIT, many of them behind one prefilter (regex_index.h). Built when the configuration is read, then immutable and
// shared by all threads; when one of the lists it was read from changes, it asks these instead (pattern_reference.h).
// Manual 7.1.1 to 7.1.6.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "sample/arena.h"
#include "sample/regex_index.h"
#include "sample/rows.h"
#include "sample/substring_index.h"
#include "sample/value.h"

namespace weir::sample {

[[nodiscard]] std::string_view match_kind_name(MatchKind kind);
[[nodiscard]] std::optional<MatchKind> find_match_kind(std::string_view name);
/// What a sample is cast to before it is compared.
[[nodiscard]] constexpr Type match_input(MatchKind kind, Type sample) {
  switch (kind) {
    case MatchKind::found: return Type::any;
    case MatchKind::boolean: return Type::boolean;
    case MatchKind::integer: return Type::integer;
    case MatchKind::ip: return Type::address;
    default: return sample == Type::binary || sample == Type::method ? sample : Type::string;
  }
}
[[nodiscard]] bool can_match(MatchKind kind, Type sample);
/// The matching method an ACL uses when none is named; nullopt: -m is needed.
[[nodiscard]] std::optional<MatchKind> default_match(Type type);
[[nodiscard]] inline bool takes_patterns(MatchKind kind) {
  return kind != MatchKind::found && kind != MatchKind::boolean;
}
[[nodiscard]] inline bool is_numeric(MatchKind kind) { return kind == MatchKind::integer || kind == MatchKind::len; }

/// eq ge gt le lt before integer patterns.
enum class IntegerOperator : std::uint8_t { eq, ge, gt, le, lt };
[[nodiscard]] std::optional<IntegerOperator> find_integer_operator(std::string_view word);

/// A kind of comparison with its options, as a small number.
struct ViewKind {
  MatchKind match = MatchKind::str;
  bool ignore_case = false;
  bool versions = false;  // integers are written MAJOR.MINOR
  [[nodiscard]] constexpr std::size_t index() const {
    return static_cast<std::size_t>(match) * 2 + ((ignore_case || versions) ? 1 : 0);
  }
  friend bool operator==(const ViewKind&, const ViewKind&) = default;
};
inline constexpr std::size_t kViewKinds = 26;
class PatternReference;

class PatternSet {
 public:
  explicit PatternSet(MatchKind kind, bool versions = false) : kind_(kind), versions_(versions) {}
  PatternSet(const PatternSet&) = delete;
  PatternSet& operator=(const PatternSet&) = delete;
  ~PatternSet();

  /// A list that these patterns were read from, and how they are matched. Before finish().
  void add_source(std::shared_ptr<PatternReference> list, ViewKind kind);
  struct Source {
    std::shared_ptr<PatternReference> list;
    ViewKind kind;
  };
  [[nodiscard]] std::span<const Source> sources() const { return sources_; }
  /// One of the lists is about to change: they are asked from now on, not what was compiled.
  void follow_sources();
  [[nodiscard]] bool follows_sources() const { return follows_.load(std::memory_order_acquire); }
  /// What follows_sources() asks for.
  [[nodiscard]] bool matches_sources(const Sample& sample, Arena& arena) const;

  struct Options {
    bool ignore_case = false;
    IntegerOperator op = IntegerOperator::eq;
  };
  /// The error says what is wrong with `pattern` and what was expected.
  Result<void> add(std::string_view pattern, Options options);
  /// Builds the indexes; add() is over.
  void finish();

  /// `sample` has the type match_input() names.
  [[nodiscard]] bool matches(const Sample& sample, Arena& arena) const;
  /// The same for kind ip and for kind str without an index: what most rules ask.
  [[nodiscard]] bool matches_ipv4(std::uint32_t address) const;
  [[nodiscard]] bool is_one_of_few(std::string_view text) const;
  [[nodiscard]] bool has_index() const { return exact_.index != nullptr || lowered_.index != nullptr; }
  [[nodiscard]] MatchKind kind() const { return kind_; }
  [[nodiscard]] bool versions() const { return versions_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Interval {
    std::int64_t low;
    std::int64_t high;
  };
  using Address = std::array<unsigned char, 16>;
  struct AddressInterval {
    Address low;
    Address high;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  struct TextIndex {
    std::unordered_set<std::string, TextHash, std::equal_to<>> set;
    std::vector<std::size_t> lengths;  // distinct, ascending; of directories and domains: in components
  };
  struct Texts {  // one for case-sensitive patterns, one for lowered ones
    std::vector<std::string> list;
    std::unique_ptr<const TextIndex> index;  // null: few, or of a kind that has none
    std::unique_ptr<const SubstringIndex> parts;
  };
  struct Ipv4Interval {
    std::uint32_t low;
    std::uint32_t high;
  };

  Result<void> add_address(std::string_view pattern);
  [[nodiscard]] bool matches_integer(std::int64_t value) const;
  void index_ipv4();
  void index_regexes();
  [[nodiscard]] bool in_ipv4(std::uint32_t address) const;
  [[nodiscard]] bool matches_address(const Sample& sample) const;
  [[nodiscard]] bool matches_text(std::string_view text, const Texts& texts) const;

  // What is looked at for each sample comes first: it shares its cache lines.
  MatchKind kind_;
  bool versions_;
  std::uint8_t ipv4_shift_ = 0;
  std::atomic<bool> follows_{false};
  std::vector<Ipv4Interval> ipv4_;
  std::vector<std::uint32_t> ipv4_starts_;  // for each stretch of 2^shift addresses, where its intervals begin
  std::vector<AddressInterval> ipv6_;
  Texts exact_;
  Texts lowered_;
  std::vector<Interval> integers_;
  struct Expression {
    std::string pattern;
    bool ignore_case;
  };
  std::vector<Expression> expressions_;  // of regexes_, until finish()
  std::vector<Regex> regexes_;
  std::unique_ptr<const RegexIndex> regex_index_;
  std::size_t size_ = 0;
  std::vector<Source> sources_;
};

}  // namespace weir::sample
