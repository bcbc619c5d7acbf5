// What is known of one update, for whoever shows it: a plain copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace weir::update {

/// Of the last question.
enum class Outcome : std::uint8_t {
  waiting,    // nothing was asked yet
  copy,       // nothing was asked yet: the list has the content of the last good copy
  changed,    // the list has what the source gave
  unchanged,  // the source has what the list has
  failed,     // no answer, or none that is a list: the list is what it was
};
[[nodiscard]] std::string_view outcome_name(Outcome outcome);

struct Status {
  std::uint32_t id = 0;  // of the list
  std::string list;
  std::string from;
  Outcome outcome = Outcome::waiting;
  std::string problem;  // of a failure
  bool busy = false;    // a question is under way
  WallTime fresh{};     // when the source last had what the list has; the epoch: never
  WallTime changed{};   // when the list's content was exchanged
  WallTime next{};      // when the source is asked again
  std::uint64_t asks = 0;
  std::uint64_t changes = 0;
  std::uint64_t failures = 0;
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

/// "unchanged, 12s old", for a comment beside the list.
[[nodiscard]] std::string brief(const Status& status, WallTime now);
/// The line of `show updates`.
[[nodiscard]] std::string line(const Status& status, WallTime now);

}  // namespace weir::update
