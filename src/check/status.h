// What one health check found: the status words of the statistics and of the log.
//
// The numbers are those that `show servers state` prints, so that a state file can carry them. Manual (management):
// check_status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace weir::check {

enum class Status : std::uint8_t {
  unk = 0,
  ini = 1,
  hana = 3,     // no check: traffic to the server failed (observe)
  checked = 4,  // an agent answered and said nothing about up or down
  sockerr = 5,
  l4ok = 6,
  l4tout = 7,
  l4con = 8,
  l6ok = 9,
  l6tout = 10,
  l6rsp = 11,
  l7tout = 12,
  l7rsp = 13,
  l7ok = 15,
  l7okc = 16,
  l7sts = 17,
  procerr = 18,
  proctout = 19,
  procok = 20,
};

std::string_view status_word(Status status);         // "L4OK"
std::string_view status_description(Status status);  // "Layer4 check passed"
/// Back from a state file's number, and from a configuration's word.
std::optional<Status> status_from_number(unsigned number);
std::optional<Status> status_from_word(std::string_view word);
bool passed(Status status);      // l4ok, l6ok, l7ok, l7okc, procok
bool conclusive(Status status);  // false for unk, ini and checked

/// What a server said, fit for the log: its first line, printable characters only, and not without end.
std::string printable(std::string_view text);

/// One finished check. `code` is the layer 5-7 code, kNoCode when the check has none.
struct CheckResult {
  static constexpr int kNoCode = -2;  // -1 is the code of a command that was killed
  static constexpr Milliseconds kNoDuration{-1};
  Status status = Status::ini;
  int code = kNoCode;
  std::string info;  // the statistics' last_chk, the log's info: "Connection refused"
  Milliseconds duration{0};
};

}  // namespace weir::check
