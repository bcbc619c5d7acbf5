// `explain next`: the next request, or in TCP mode session, that fits is told rule by rule.
//
//     explain next [src <address>[/<bits>]] [frontend <name>] [within <time>] [if|unless <condition>]
//
// The condition is one of the configuration's language, of anonymous and predefined ACLs, compiled here and asked while
// the request goes its way. It reads no file, looks up no name and knows none of a proxy's own ACLs. The command waits,
// a minute unless told otherwise, and takes its wish back when that time is over or who asked has gone.
#include <fmt/format.h>

#include <mutex>

#include "admin/command/tables.h"
#include "admin/session.h"
#include "base/outside.h"
#include "base/units.h"
#include "io/hung_up.h"
#include "io/stream.h"
#include "proxy/explain.h"
#include "sample/condition.h"

namespace weir::admin {
namespace {

constexpr Milliseconds kLook{20};
constexpr std::string_view kUsage =
    "explain next [src <address>[/<bits>]] [frontend <name>] [within <time>] [if|unless <condition>]\n"
    "  Tells every rule that the next request meets of which all this is true. For instance\n"
    "  explain next within 5m if { req.hdr(host) -i www.example.com } { status ge 500 }\n";

/// What the session's worker hands over.
struct Told {
  std::mutex lock;
  bool done = false;
  std::string text;
};

struct Asked {
  proxy::ExplainFilter filter;
  Milliseconds within{60'000};
};

// From `if` to the end. The error is the answer to give.
Result<sample::Condition> read_condition(const Call& call, std::size_t at) {
  const NothingOutside inside;
  std::vector<sample::Word> words;
  for (; at < call.words.size(); at++) {
    const std::string& text = call.words[at];
    // Lists of the configuration are not those that would be made here.
    if (text == "-f" || text == "-M" || text.find("virt@") != text.npos || text.find("opt@") != text.npos)
      return fail(fmt::format("'{}': lists of patterns are not looked into here.\n", text));
    words.push_back({text, {}});
  }
  Diagnostics diagnostics;
  const sample::Scope scope{.registry = &call.control.engine().registry()};
  auto condition = sample::Condition::compile(words, {}, scope, diagnostics);
  if (condition) return std::move(*condition);
  const Diagnostic& wrong = diagnostics.all().front();
  return fail(fmt::format("{}{}{}.\n", wrong.message, wrong.hint.empty() ? "" : ": ", wrong.hint));
}

// The error is the answer to give.
Result<Asked> read(const Call& call) {
  Asked asked;
  for (std::size_t at = 1; at < call.words.size(); at += 2) {
    const std::string_view word = call.word(at);
    const std::string_view value = call.word(at + 1);
    if (word == "if" || word == "unless") {
      auto condition = read_condition(call, at);
      if (!condition) return unexpected(condition.error());
      asked.filter.condition = std::move(*condition);
      break;
    }
    if (at + 1 >= call.words.size()) return fail(fmt::format("'{}' needs a value.\n", word));
    if (word == "src") {
      asked.filter.network = IpNetwork::parse(value);
      if (!asked.filter.network) return fail(fmt::format("'{}' is no address or network.\n", value));
    } else if (word == "frontend") {
      if (!call.worker.plan->frontend(value)) return fail(fmt::format("No such frontend '{}'.\n", value));
      asked.filter.frontend = value;
    } else if (word == "within") {
      const auto time = parse_time(value, std::chrono::milliseconds(1));
      if (!time) return fail(fmt::format("'{}' is no time: {}\n", value, time.error().message));
      asked.within = *time;
    } else {
      return fail(fmt::format("'{}' is not known here.\n{}", word, kUsage));
    }
  }
  return asked;
}

/// Takes the wish back when the command ends, however it ends.
class Wish {
 public:
  Wish(proxy::ExplainWishes& wishes, std::uint64_t id) : wishes_(wishes), id_(id) {}
  Wish(const Wish&) = delete;
  Wish& operator=(const Wish&) = delete;
  ~Wish() { (void)take_back(); }
  /// False: somebody has taken it.
  bool take_back() { return wishes_.remove(id_); }

 private:
  proxy::ExplainWishes& wishes_;
  std::uint64_t id_;
};

io::Task<void> explain(Call& call) {
  if (call.words.empty() || call.word(0) != "next") {
    call.error(kUsage);
    co_return;
  }
  const Result<Asked> asked = read(call);
  if (!asked) {
    call.error(asked.error().message);
    co_return;
  }
  const auto told = std::make_shared<Told>();
  auto wanted = std::make_shared<proxy::ExplainWish>();
  wanted->filter = asked->filter;
  wanted->done = [told](std::string text) {
    const std::scoped_lock guard(told->lock);
    told->text = std::move(text);
    told->done = true;
  };
  proxy::ExplainWishes& wishes = call.worker.process->explain;
  Wish wish(wishes, wishes.add(std::move(wanted)));
  const TimePoint end = call.worker.io->now() + asked->within;
  for (;;) {
    {
      const std::scoped_lock guard(told->lock);
      if (told->done) {
        call.out.text += told->text;
        co_return;
      }
    }
    if (call.worker.io->now() >= end) break;
    if (io::hung_up(call.session.stream.fd())) {
      call.session.ending = true;
      co_return;
    }
    co_await io::sleep_for(*call.worker.io, kLook);
  }
  call.error(wish.take_back() ? "Nothing fitted in this time.\n" : "What fitted has not ended yet.\n");
}

constexpr CliCommand kRows[] = {
    {.name = "explain",
     .level = Level::operator_,
     .usage = "explain next [src <address>[/<bits>]] [frontend <name>] [within <time>] [if|unless <condition>]",
     .run = explain,
     .doc = "the way of the next request, or TCP session, that fits: rules, values, ACLs, backend, server"},
};

}  // namespace

constinit const std::span<const CliCommand> explain_commands{kRows};

}  // namespace weir::admin
