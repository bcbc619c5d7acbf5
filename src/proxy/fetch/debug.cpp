// Converters that let a value through as it is: `when` only under a condition, `debug` after it was told of.
//
// COMPAT: the form of what is told is the observed one of 2.6; what is no printable character is a dot. Manual 7.3.1.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "log/sink.h"
#include "proxy/fetch/tables.h"
#include "proxy/process_state.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/session.h"
#include "proxy/worker_context.h"
#include "sample/condition.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;
using sample::args;
using sample::without_own_object;

bool was_forwarded(const Session& session) {
  const bool inside = session.http != nullptr && !session.http->served_by.empty();
  return !inside && session.target != nullptr && session.facts.connect_finished != TimePoint{};
}

bool was_served_inside(const Session& session) { return session.http != nullptr && !session.http->served_by.empty(); }

/// Without a session there is nothing that could have gone wrong, or been forwarded.
enum class When : std::uint8_t { error, forwarded, normal, processed, stopping, toapplet, acl };
constexpr std::string_view kWhen[] = {"error", "forwarded", "normal", "processed", "stopping", "toapplet", "acl"};

struct Wanted {
  When when = When::normal;
  bool negated = false;
};

Result<std::shared_ptr<const void>> prepare_when(const Args& args) {
  Wanted wanted;
  std::string_view word = args[0].text;
  if (word.starts_with('!')) {
    wanted.negated = true;
    word.remove_prefix(1);
  }
  const auto* const found = std::ranges::find(kWhen, word);
  if (found == std::end(kWhen))
    return fail("the condition is one of error, forwarded, normal, processed, stopping, toapplet, acl");
  wanted.when = static_cast<When>(found - std::begin(kWhen));
  if (wanted.when == When::acl && !args.has(1)) return fail("'acl' is followed by the name of one");
  if (wanted.when != When::acl && args.has(1)) return fail("only 'acl' is followed by a name");
  return std::shared_ptr<const void>(std::make_shared<const Wanted>(wanted));
}

bool holds(When when, const Args& args, Context& context) {
  const Session* const session = context.session;
  const bool known = session != nullptr && session->worker != nullptr;
  switch (when) {
    case When::error: return known && !is_normal(*session);
    case When::normal: return !known || is_normal(*session);
    case When::forwarded: return known && was_forwarded(*session);
    case When::toapplet: return known && was_served_inside(*session);
    case When::processed: return known && (was_forwarded(*session) || was_served_inside(*session));
    case When::stopping: return known && session->worker->process->stopping.load(std::memory_order_relaxed);
    case When::acl: {
      const auto& acl = *static_cast<const sample::Condition*>(args[1].object);
      return acl.evaluate(context) == sample::Truth::yes;
    }
  }
  return false;
}

bool when(const Args& args, Context& context, Sample&) {
  const auto& wanted = *static_cast<const Wanted*>(args.prepared);
  return holds(wanted.when, args, context) != wanted.negated;
}

constexpr std::size_t kMostTold = 1024;  // bytes of a value

// A pipe that says it has room takes so much at once: a reader who does not read holds nobody up.
void write_out(int fd, std::string_view line) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0)
    static_cast<void>(::write(fd, line.data(), line.size()));
}

void tell(const Session& session, std::string_view where, std::string line) {
  const ProcessState& process = *session.worker->process;
  if (where == log::kStandardOut || where == log::kStandardError)
    return write_out(where == log::kStandardOut ? STDOUT_FILENO : STDERR_FILENO, line + '\n');
  if (where.empty() || where == log::kDebugRing) {
    if (process.debug_ring) process.debug_ring->append(line);
    return;
  }
  if (process.sinks == nullptr) return;
  if (const auto ring = process.sinks->find_ring(where)) ring->append(line);
}

bool debug(const Args& args, Context& context, Sample& sample) {
  if (context.session == nullptr || context.session->worker == nullptr) return true;
  const std::size_t mark = context.arena.mark();
  const auto text = sample::to_text(sample, context.arena);
  std::string line =
      fmt::format("[debug] {}: type={} <", args.has(0) ? args[0].text : "", sample::short_type_name(sample.type()));
  for (const char c : text.value_or("").substr(0, kMostTold)) line += c >= ' ' && c < 0x7f ? c : '.';
  line += '>';
  context.arena.rewind(mark);
  const auto* const where = static_cast<const std::string*>(args.has(1) ? args[1].object : nullptr);
  tell(*context.session, where == nullptr ? std::string_view() : *where, std::move(line));
  return true;
}

constexpr Converter kRows[] = {
    {.name = "debug",
     .args = without_own_object(args(0, {ArgKind::string, ArgKind::ring})),
     .in = Type::any,
     .out = Type::any,
     .apply = debug,
     .doc =
         "Tells the value, behind the prefix, to a ring, stdout or stderr (the ring buf0 unless told otherwise: 'show "
         "events buf0'), and lets it through.",
     .examples = {{{"str(a),debug(seen)", "a"}}}},
    {.name = "when",
     .args = without_own_object(args(1, {ArgKind::string, ArgKind::acl})),
     .in = Type::any,
     .out = Type::any,
     .apply = when,
     .prepare = prepare_when,
     .doc =
         "Lets the value through only when what went before was 'error', 'normal', 'forwarded' (to a server), "
         "'toapplet' (answered inside), 'processed' (either), while the process is 'stopping', or an 'acl' holds; '!' "
         "negates.",
     .examples = {{{"str(a),when(!error)", "a"},
                   {"str(a),when(stopping)", "", true},
                   {"str(a),when(acl,TRUE)", "a"},
                   {"str(a),when(!acl,TRUE)", "", true}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> debug_converters{kRows};
}  // namespace weir::proxy
