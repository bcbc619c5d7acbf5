// One server's checks, forever: wait, check, report, wait.
//
// The loop is a coroutine on the worker that owns the server's checks; the server itself is shared, so everything the
// loop needs to know or tell passes through a CheckSink, whose functions are called on that worker and lock what they
// must. Intervals count from the end of one check to the start of the next. Destroying the frame at any await closes
// the check's socket and reports nothing.
#pragma once

#include <memory>
#include <string>

#include "base/address.h"
#include "check/config.h"
#include "check/status.h"
#include "io/task.h"

namespace weir::check {

struct CheckSink {
  void* object = nullptr;
  /// Where the server is now; family none (no address yet) skips the turn.
  SocketAddress (*address)(void* object) = nullptr;
  /// False while maintenance pauses the checks: the turn is skipped.
  bool (*enabled)(void* object) = nullptr;
  /// How many sessions the server has: an external check is told. Null: none.
  std::uint32_t (*sessions)(void* object) = nullptr;
  /// A check begins: the statistics may show the last status with "* " before it.
  void (*started)(void* object) = nullptr;
  /// A check ended.
  void (*finished)(void* object, const CheckResult& result) = nullptr;
  /// The wait that the server's health asks for now (Health::interval), with any jitter the caller adds.
  Milliseconds (*interval)(void* object) = nullptr;
  /// Those that steps may read and set. Null: none.
  sample::ProcessVariables* variables = nullptr;
};

/// Runs until destroyed; spawn it on its worker (in a post or an event). `first_delay` is start_offset() for this
/// server.
io::Task<void> run_checks(std::shared_ptr<const CheckConfig> config, CheckSink sink, Milliseconds first_delay);

/// One check of `server`, start to end.
io::Task<CheckResult> check_once(const CheckConfig& config, const SocketAddress& server, std::uint32_t sessions = 0,
                                 sample::ProcessVariables* variables = nullptr);

}  // namespace weir::check
