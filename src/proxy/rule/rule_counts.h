// How often each rule of one proxy was asked, and how often it held: `show rules`.
//
// A set is walked from one rule to another without a gap, so a walk is noted by two numbers, however many rules it met:
// where it began and where it ended. How often a rule was asked is the walks that began at it or before, less those
// that ended before. Only a rule that held costs a number of its own.
// Each worker writes cells of its own; a reader adds them up. What is cleared is taken off when it is read, so nobody
// but its worker writes a cell. When a proxy changes, its rules that stay (the same list, the same text) go on
// counting: the new counts look into those before them, into which sessions of the older configuration still count.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/counters.h"
#include "proxy/rule/rule_line.h"

namespace weir::proxy {

struct RuleCount {
  Counter begun, ended;  // walks whose first, whose last rule this was
  Counter held;
};

/// How one rule was used.
struct RuleUse {
  std::uint64_t asked = 0;
  std::uint64_t held = 0;
};

class RuleCounts {
 public:
  using Lines = std::shared_ptr<const RuleLines>;
  using FileNames = std::shared_ptr<const std::vector<std::string>>;
  RuleCounts(unsigned workers, Lines lines, FileNames files);

  /// By rule number. Only that worker writes them.
  [[nodiscard]] RuleCount* of(unsigned worker) const { return cells_.get() + worker * stride_; }

  /// Any thread, all that follow. By rule number.
  [[nodiscard]] std::vector<RuleUse> read() const;
  void clear();
  /// The rules that stay go on from there.
  void follow(std::shared_ptr<RuleCounts> before);
  /// The same rules were read again: they may stand elsewhere.
  void stand_at(Lines lines, FileNames files);
  /// Where those stand.
  void stand_with(const RuleCounts& others);
  [[nodiscard]] Lines lines() const;
  /// "file:line"
  [[nodiscard]] std::string place(std::uint32_t number) const;
  [[nodiscard]] std::string place(const SourcePosition& at) const;

 private:
  [[nodiscard]] std::vector<RuleUse> counted_here() const;
  [[nodiscard]] std::vector<RuleUse> read_locked() const;
  void fold();

  const std::size_t rules_;
  const unsigned workers_;
  const std::size_t stride_;  // cells of a worker, and room between two workers
  const std::unique_ptr<RuleCount[]> cells_;

  mutable std::mutex lock_;  // of all below; before_'s is taken under it
  Lines lines_;
  FileNames files_;
  std::vector<RuleUse>
      more_;  // by number: counted elsewhere, less what was cleared; sums may go below zero and come back
  std::shared_ptr<RuleCounts> before_;
  std::vector<std::uint32_t> place_before_;  // by number: the rule's number there; kNone
};

/// Of this worker.
inline void count_walk(RuleCount* cells, std::uint32_t first, std::uint32_t last) {
  cells[first].begun.add();
  cells[last].ended.add();
}
/// A rule of a list that is asked one by one.
inline void count_asked(RuleCount& cell, bool held) {
  cell.begun.add();
  cell.ended.add();
  if (held) cell.held.add();
}

}  // namespace weir::proxy
