// Many regular expressions asked in one pass over the text: Vectorscan says which may match, PCRE2 decides.
//
// One database holds all expressions of a set in their widened form (prefilter): what matches is always among its
// candidates, mostly nothing is. PCRE2 is asked about the candidates only, and about the expressions that Vectorscan
// does not take or that would cost it too much (regex_weight.h): those always. So the answers are those of a walk
// through the set, including its order. Immutable, shared by all threads; each thread has scratch memory of its own,
// copied when it first meets a database that needs more. Bounds: kMost expressions, kMostWeight of all; what is beyond
// is asked as if it had not been taken.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sample/regex.h"

struct hs_database;

namespace weir::sample {

class RegexIndex {
 public:
  /// So few are asked one after the other.
  static constexpr std::size_t kFew = 16;
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::uint64_t kMostWeight = 400'000;      // of all: about three seconds
  static constexpr std::uint64_t kMostWeightOfOne = 20'000;  // about a tenth of a second
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Expression {
    std::string_view pattern;
    bool ignore_case;
    Regex regex;
  };
  /// nullptr: ask one after the other; there are few, or hardly one of them was taken.
  static std::unique_ptr<const RegexIndex> build(std::span<const Expression> expressions);
  RegexIndex(const RegexIndex&) = delete;
  RegexIndex& operator=(const RegexIndex&) = delete;
  ~RegexIndex();

  [[nodiscard]] bool is_any_in(std::string_view text) const { return search(text, true) != kNone; }
  /// The lowest position of one that matches, or kNone.
  [[nodiscard]] std::uint32_t first_in(std::string_view text) const { return search(text, false); }
  /// How many are asked whatever the text is.
  [[nodiscard]] std::size_t always_asked() const { return always_.size(); }

 private:
  struct Search;
  struct Chosen;
  RegexIndex() = default;
  static int on_candidate(unsigned position, unsigned long long, unsigned long long, unsigned, void* search);
  [[nodiscard]] std::uint32_t search(std::string_view text, bool any) const;
  [[nodiscard]] std::uint32_t walk(std::string_view text) const;

  hs_database* database_ = nullptr;
  std::uint64_t scratch_ = 0;  // the number of the scratch that is large enough
  std::vector<Regex> regexes_;
  std::vector<std::uint32_t> always_;  // ascending
};

}  // namespace weir::sample
