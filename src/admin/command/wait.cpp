// `wait`: a script's pause, or its patience for a condition. Manual: management 9.3.
#include <fmt/format.h>

#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "base/units.h"
#include "io/stream.h"

namespace weir::admin {
namespace {

constexpr std::string_view kUsage =
    "Usage: wait {-h|<delay>} [<condition> [<args>]]\n"
    "  <delay>             how long to wait at most; milliseconds unless a unit follows\n"
    "  srv-removable <b/s> until this server can be removed: in maintenance, without sessions\n"
    "Without a condition the whole delay passes.\n";
constexpr Milliseconds kLook{20};

// Named anew each time: it may have gone meanwhile, or come out of maintenance.
io::Task<void> wait_for_server(Call& call, TimePoint end, std::string_view name) {
  for (;;) {
    const auto named = named_server(*call.worker.plan, name);
    if (!named) {
      call.error(named.error().message);
      co_return;
    }
    if (!in_maintenance(*named)) {
      call.error(fmt::format("{}\n", kNotInMaintenance));
      co_return;
    }
    if (!has_sessions(*named)) {
      call.out.text += "Done.\n";
      co_return;
    }
    if (call.worker.io->now() >= end) break;
    co_await io::sleep_for(*call.worker.io, kLook);
  }
  call.error("Wait delay expired, the server still has sessions.\n");
}

io::Task<void> wait(Call& call) {
  if (call.words.empty() || call.word(0) == "-h" || call.word(1) == "-h") {
    call.say(6, kUsage);
    co_return;
  }
  const auto delay = parse_time(call.word(0), std::chrono::milliseconds(1));
  if (!delay) {
    call.error(fmt::format("'{}' is no delay: {}\n", call.word(0), delay.error().message));
    co_return;
  }
  // What was said so far must not wait with us.
  const bool sent = co_await call.out.flush();
  if (!sent) co_return;
  if (call.words.size() == 1) {
    co_await io::sleep_for(*call.worker.io, *delay);
  } else if (call.word(1) == "srv-removable") {
    co_await wait_for_server(call, call.worker.io->now() + *delay, call.word(2));
  } else {
    call.error(kUsage);
  }
}

constexpr CliCommand kRows[] = {
    {.name = "wait",
     .usage = "wait {-h|<delay>} [<condition> [<args>]]",
     .run = wait,
     .doc = "wait a while, or for a condition"},
};

}  // namespace

constinit const std::span<const CliCommand> wait_commands{kRows};

}  // namespace weir::admin
