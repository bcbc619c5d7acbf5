// `show sess` and `shutdown session`.
//
// Each worker describes its own sessions, a bounded number of slots a visit, so that a hundred thousand sessions are
// listed between the turns of their traffic. The runtime socket's own connections are sessions too, named with the
// worker number no worker has.
#include "admin/command/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "admin/lookup.h"
#include "admin/on_worker.h"
#include "admin/session_text.h"
#include "admin/sockets.h"
#include "base/units.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

constexpr std::uint32_t kSlotsAVisit = 512;
constexpr std::size_t kTextAVisit = 32 * 1024;
constexpr std::uint16_t kOwnConnections = 0xffff;

// Bytes wait and nothing has moved for longer than any peer should need: nobody will wait for them much longer.
constexpr std::chrono::minutes kStuck{5};

bool stuck(const proxy::Session& session) {
  if (session.phase != proxy::Phase::relaying) return false;
  if (!session.request.holds_bytes() && !session.response.holds_bytes()) return false;
  const TimePoint latest = std::max(
      {session.client.last_read, session.client.last_write, session.server.last_read, session.server.last_write});
  return session.worker->io->now() - latest > kStuck;
}

struct Filter {
  std::string frontend, backend, server;
  Milliseconds older{-1};
  bool suspicious = false;
  SessionForm form;

  [[nodiscard]] bool selects(const proxy::Session& session) const {
    if (session.phase == proxy::Phase::requesting) return false;  // COMPAT: observed on 2.6: it begins with a request
    if (!frontend.empty() && session.frontend->config->name != frontend) return false;
    if (!backend.empty() && (!session.backend || session.backend->config->name != backend)) return false;
    if (!server.empty() && (!session.target || session.target->name != server)) return false;
    if (suspicious && !stuck(session)) return false;
    return older.count() < 0 || session.worker->io->now() - session.facts.accepted > older;
  }
  [[nodiscard]] bool selects_own() const {
    return frontend.empty() && backend.empty() && server.empty() && !suspicious;
  }
};

constexpr std::string_view kUsage =
    "Usage: show sess [<id> | all | help] [<options>*]\n"
    "  <id>          all about one session\n"
    "  all           all about every session\n"
    "  backend <b>   only sessions of this backend\n"
    "  frontend <f>  only sessions of this frontend\n"
    "  older <age>   only sessions older than this many seconds\n"
    "  server <b/s>  only sessions on this server\n"
    "  show-uri      the URI of the request that is being served, in HTTP mode\n"
    "  susp          only sessions that hold bytes nobody has taken for minutes\n";

/// The error is the answer to give.
Result<Filter> parse_filter(const proxy::Plan& plan, std::span<const std::string> words) {
  Filter filter;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string_view option = words[i];
    const std::string_view value = i + 1 < words.size() ? std::string_view(words[i + 1]) : std::string_view();
    if (option == "backend") {
      const auto backend = named_backend(plan, value);
      if (!backend) return fail("No such backend.\n");
      filter.backend = backend->config->name;
    } else if (option == "frontend") {
      const auto frontend = named_frontend(plan, value);
      if (!frontend) return fail(frontend.error().message);
      filter.frontend = (*frontend)->config->name;
    } else if (option == "server") {
      const auto named = named_server(plan, value);
      if (!named) return fail(named.error().message);
      filter.backend = named->backend->config->name;
      filter.server = named->server->name;
    } else if (option == "older") {
      const auto age = parse_time(value, std::chrono::seconds(1));
      if (!age) return fail("An age is expected, in seconds.\n");
      filter.older = *age;
    } else if (option == "susp" || option == "show-uri") {
      (option == "susp" ? filter.suspicious : filter.form.uri) = true;
      i--;  // takes no value
    } else {
      return fail(std::string(kUsage));
    }
  }
  return filter;
}

struct Visit {
  std::string text;
  std::uint32_t next = 0;
  bool done = false;
};

Visit visit(proxy::WorkerContext& worker, const Filter& filter, std::uint32_t from) {
  Visit result;
  const std::uint32_t end = worker.sessions.capacity();
  std::uint32_t slot = from;
  for (; slot < end && slot - from < kSlotsAVisit && result.text.size() < kTextAVisit; slot++)
    if (const proxy::Session* session = worker.sessions.at(slot); session != nullptr && filter.selects(*session))
      write_session(result.text, *session, filter.form);
  result.next = slot;
  result.done = slot >= end;
  return result;
}

io::Task<bool> show_worker(Call& call, proxy::WorkerContext& worker, const Filter& filter) {
  std::uint32_t from = 0;
  for (;;) {
    proxy::WorkerContext* there = &worker;
    Visit seen = co_await on_worker(*worker.io, [there, filter, from] { return visit(*there, filter, from); });
    call.out.text += seen.text;
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return false;
    if (seen.done) co_return true;
    from = seen.next;
  }
}

SessionName own_name(const CliSession& session) {
  return {static_cast<std::uint32_t>(session.serial & 0xffffffU), 1, kOwnConnections};
}

void write_own(Call& call, const CliSession& session, const Filter& filter) {
  const TimePoint now = call.worker.io->now();
  const auto age = std::chrono::duration_cast<Milliseconds>(now - session.accepted);
  if (filter.older.count() >= 0 && age <= filter.older) return;
  const bool inet = session.client.is_inet();
  fmt::format_to(std::back_inserter(call.out.text), "{:#x}: proto={} src={} fe=GLOBAL be=<NONE> srv=<none> ",
                 own_name(session).value(), inet ? "tcp" : "unix_stream",
                 inet ? session.client.to_string() : std::string("unix"));
  fmt::format_to(std::back_inserter(call.out.text),
                 "ts=00 epoch=0 age={} calls=0 rate=0 cpu=0 lat=0 rq[f=0h,i={},an=00h,rx={},wx=,ax=] "
                 "rp[f=0h,i={},an=00h,rx=,wx=,ax=] scf=[8,0h,fd={}] scb=[8,1h,fd=-1] exp={} rc=0 c_exp=\n",
                 short_time(age), session.input.size(), short_time(session.timeout), session.out.text.size(),
                 session.stream.fd(), short_time(session.timeout));
}

io::Task<void> show_one(Call& call, std::uint64_t value, const Filter& filter) {
  const SessionName name = SessionName::of(value);
  const auto& contexts = call.worker.process->contexts;
  if (name.worker < contexts.size()) {
    proxy::WorkerContext* there = contexts[name.worker].get();
    const std::string text = co_await on_worker(*there->io, [there, name, filter] {
      std::string found;
      if (const proxy::Session* session = find_session(*there, name); session != nullptr && filter.selects(*session))
        write_session(found, *session, filter.form);
      return found;
    });
    if (!text.empty()) {
      call.out.text += text;
      co_return;
    }
  } else {
    for (const CliSession* session : call.session.sockets.sessions)
      if (own_name(*session).value() == value) {
        write_own(call, *session, {});
        co_return;
      }
  }
  call.out.text += "Session not found.\n";
}

io::Task<void> show_sess(Call& call) {
  if (call.word(0) == "help") {
    call.say(6, kUsage);
    co_return;
  }
  const auto name = parse_session_name(call.word(0));
  const bool extended = name || call.word(0) == "all";
  auto filter = parse_filter(*call.worker.plan, extended ? call.words.subspan(1) : call.words);
  if (!filter) {
    call.error(filter.error().message);
    co_return;
  }
  filter->form.extended = extended;
  if (name) {
    co_await show_one(call, *name, *filter);
    co_return;
  }
  for (const auto& context : call.worker.process->contexts) {
    const bool goes_on = co_await show_worker(call, *context, *filter);
    if (!goes_on) co_return;
  }
  if (!filter->selects_own()) co_return;
  for (const CliSession* session : call.session.sockets.sessions) write_own(call, *session, *filter);
}

io::Task<void> shutdown_session(Call& call) {
  const auto value = parse_session_name(call.word(0));
  if (!value) {
    call.error("Session pointer expected (use 'show sess').\n");
    co_return;
  }
  const SessionName name = SessionName::of(*value);
  const auto& contexts = call.worker.process->contexts;
  bool found = false;
  if (name.worker < contexts.size()) {
    proxy::WorkerContext* there = contexts[name.worker].get();
    const bool killed = co_await on_worker(*there->io, [there, name] {
      proxy::Session* session = find_session(*there, name);
      if (session != nullptr) proxy::kill_session(*session, proxy::EndedBy::admin);
      return session != nullptr;
    });
    found = killed;
  } else {
    for (CliSession* session : call.session.sockets.sessions) {
      if (own_name(*session).value() != *value) continue;
      session->ending = found = true;
      if (session != &call.session) session->stream.interrupt();
    }
  }
  if (!found) call.error("No such session (use 'show sess').\n");
}

constexpr CliCommand kRows[] = {
    {.name = "show sess",
     .level = Level::operator_,
     .usage = "show sess [<id>|all|help] [<options>*]",
     .run = show_sess,
     .doc = "sessions, or all about one"},
    {.name = "shutdown session",
     .level = Level::admin,
     .usage = "shutdown session <id>",
     .run = shutdown_session,
     .doc = "end one session"},
};

}  // namespace

constinit const std::span<const CliCommand> session_commands{kRows};

}  // namespace weir::admin
