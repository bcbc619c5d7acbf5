// Threads by number and by group: what `thread-groups`, `thread-group`, `cpu-map` and the word `thread` of bind lines
// name.
//
// Workers share nothing that groups would divide, so a group here is a name for some threads and no more: it says which
// of them a line means. Threads and groups count from 1 in the language and here; ThreadLayout answers for threads from
// 0, as workers are numbered. Manual: 3.1 (cpu-map, thread-groups, thread-group, nbthread), 5.1 (thread).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/result.h"

namespace weir::proxy {

/// "3", "1-4", "-4", "2-", "all", "odd", "even".
struct NumberSet {
  enum class Which : std::uint8_t { all, odd, even } which = Which::all;
  unsigned first = 1;
  unsigned last = 1;
  [[nodiscard]] bool contains(unsigned number) const {
    if (number < first || number > last) return false;
    return which == Which::all || (number % 2 == 1) == (which == Which::odd);
  }
  [[nodiscard]] unsigned size() const;
  friend bool operator==(const NumberSet&, const NumberSet&) = default;
};
/// Numbers from 1 to `most`, which stands for an end that is left out.
Result<NumberSet> parse_number_set(std::string_view text, unsigned most);

/// A part of bind's `thread`: of one group, or of the whole process when the group is 0.
struct ThreadChoice {
  unsigned group = 0;
  NumberSet threads;
};

/// A `cpu-map` line. `cpus` is sorted, without doubles.
struct CpuMapLine {
  bool automatic = false;
  NumberSet groups;
  NumberSet threads;
  std::vector<unsigned> cpus;
  SourcePosition at;
  /// With "auto:" each of these gets the next CPU; the other of the two is a single number then.
  [[nodiscard]] bool counts_groups() const { return groups.size() > 1; }
  [[nodiscard]] const NumberSet& counted() const { return counts_groups() ? groups : threads; }
};
/// "1/1-4" and its like, behind "auto:"; the error is for a person.
Result<void> parse_cpu_map_threads(std::string_view text, CpuMapLine& line);
/// "0-3,5" added to the line's set.
Result<void> parse_cpu_set(std::string_view text, std::vector<unsigned>& cpus);

inline constexpr unsigned kMostThreadsInGroup = 64;
inline constexpr unsigned kMostThreadGroups = 16;

struct ThreadGroups {
  unsigned count = 0;  // 0: as many as needed
  unsigned most_in_group = 16;
  std::map<unsigned, std::vector<NumberSet>> members;  // thread-group
};

/// How many threads run: as written, else one for each CPU the process may use; never more than `limit`, if there is
/// one.
unsigned thread_count(unsigned written, unsigned limit);

class ThreadLayout {
 public:
  static Result<ThreadLayout> make(const ThreadGroups& groups, unsigned threads);

  [[nodiscard]] unsigned groups() const { return groups_; }
  [[nodiscard]] unsigned group_of(unsigned thread) const { return places_[thread].group; }
  [[nodiscard]] unsigned place_of(unsigned thread) const { return places_[thread].place; }
  [[nodiscard]] bool selects(const ThreadChoice& choice, unsigned thread) const;
  /// For each thread the CPUs it may run on; an empty list is all of them.
  [[nodiscard]] std::vector<std::vector<unsigned>> place(const std::vector<CpuMapLine>& lines) const;

 private:
  struct Place {
    unsigned group = 0;
    unsigned place = 0;
  };
  unsigned groups_ = 1;
  std::vector<Place> places_;
};

}  // namespace weir::proxy
