// `show stat` and `clear counters`.
#include <algorithm>
#include <optional>

#include "admin/activity.h"
#include "admin/command/tables.h"
#include "admin/everywhere.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "admin/stat_walk.h"
#include "base/units.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

struct Selection {
  StatSelection rows;
  StatWriter::Form form = StatWriter::Form::csv;
  bool described = false;
};

std::optional<std::int64_t> number(std::string_view word) {
  const auto parsed = parse_integer(word, -1, 0xffffffffLL);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// The error is the answer to give.
Result<Selection> parse(const proxy::Plan& plan, std::span<const std::string> words) {
  Selection selection;
  if (!words.empty() && words[0] == "domain") {
    if (words.size() < 2 || words[1] != "proxy") return fail("Invalid statistics domain.\n");
    words = words.subspan(2);
  }
  if (words.size() >= 3) {
    const auto id = number(words[0]), types = number(words[1]), server = number(words[2]);
    const auto frontend = plan.frontend(words[0]);
    const auto backend = plan.backend(words[0]);
    if (types && server) {
      if (frontend || backend)
        selection.rows.proxy = frontend ? frontend->config->id : backend->config->id;
      else if (!id)
        return fail("No such proxy.\n");
      else if (*id >= 0)
        selection.rows.proxy = static_cast<std::uint32_t>(*id);
      selection.rows.types = static_cast<unsigned>(*types);
      if (*server >= 0) selection.rows.server = static_cast<std::uint32_t>(*server);
      words = words.subspan(3);
    }
  }
  for (const std::string& word : words) {
    if (word == "typed") selection.form = StatWriter::Form::typed;
    if (word == "json") selection.form = StatWriter::Form::json;
    if (word == "desc") selection.described = true;
    if (word == "up") selection.rows.only_up = true;
    if (word == "no-maint") selection.rows.no_maintenance = true;
  }
  return selection;
}

io::Task<void> show_stat(Call& call) {
  const std::shared_ptr<const proxy::Plan> plan = call.worker.plan;
  const auto selection = parse(*plan, call.words);
  if (!selection) {
    call.error(selection.error().message);
    co_return;
  }
  const StatContext context{.plan = plan.get(),
                            .process_maxconn = call.worker.process->maxconn.load(std::memory_order_relaxed),
                            .now = call.worker.io->now(),
                            .shows_addresses = call.session.level >= Level::operator_};
  StatWalk walk(plan, selection->rows);
  StatWriter writer(selection->form, selection->described);
  writer.begin(call.out.text);
  while (const auto row = walk.next(context)) {
    writer.write(call.out.text, *row);
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
  writer.end(call.out.text);
}

void clear_times(auto& state) {
  state.queue_time.clear_max();
  state.connect_time.clear_max();
  state.total_time.clear_max();
  state.sessions.clear_max();
  state.queued.clear_max();
  state.session_rate.clear_max();
}

void clear_maxima(const proxy::Plan& plan, proxy::ProcessState& process) {
  process.connections.clear_max();
  process.connection_rate.clear_max();
  process.session_rate.clear_max();
  for (const auto& frontend : plan.frontends) {
    frontend->state->sessions.clear_max();
    frontend->state->session_rate.clear_max();
    frontend->state->connection_rate.clear_max();
  }
  for (const auto& backend : plan.backends) {
    clear_times(*backend->state);
    const std::scoped_lock guard(backend->state->lock);
    for (const auto& server : backend->state->servers) clear_times(*server);
  }
}

template <class C>
void clear(C& counters, std::initializer_list<proxy::Counter C::*> members) {
  for (const auto member : members) (counters.*member).clear();
}

template <class C>
void clear_shared(C& counters) {
  clear(counters, {&C::sessions, &C::bytes_in, &C::bytes_out, &C::failed_connections, &C::failed_responses, &C::retries,
                   &C::denied_responses, &C::redispatches, &C::client_aborts, &C::server_aborts, &C::picked});
}

// A counter has one writer: each worker clears its own.
void clear_own_counters(proxy::WorkerContext& worker) {
  using F = proxy::FrontendCounters;
  const std::uint16_t id = worker.id();
  for (const auto& frontend : worker.plan->frontends)
    clear<F>(frontend->state->counters[id],
             {&F::connections, &F::sessions, &F::bytes_in, &F::bytes_out, &F::denied_connections, &F::denied_sessions,
              &F::denied_requests, &F::denied_responses, &F::failed_requests});
  for (const auto& backend : worker.plan->backends) {
    clear_shared(backend->state->counters[id]);
    backend->state->counters[id].denied_requests.clear();
    const std::scoped_lock guard(backend->state->lock);
    for (const auto& server : backend->state->servers) clear_shared(server->counters[id]);
  }
}

void clear_checks(proxy::ServerState& server) {
  server.check_failures = server.check_downs = 0;
  server.downtime = Milliseconds(0);
}

io::Task<void> clear_everywhere(Call& call) {
  co_await everywhere(call, clear_own_counters);
  for (const auto& frontend : call.worker.plan->frontends) frontend->rules->clear();
  for (const auto& backend : call.worker.plan->backends) {
    backend->rules->clear();
    const std::scoped_lock guard(backend->state->lock);
    backend->state->down_transitions = 0;
    backend->state->downtime = Milliseconds(0);
    for (const auto& server : backend->state->servers) clear_checks(*server);
  }
}

// Management 9.3, clear counters server: as `all`, for one that now stands for something else. No counter is kept in
// shared memory, so `force` has nothing to overrule.
io::Task<void> clear_server(Call& call) {
  const auto named = named_server(*call.worker.plan, call.word(1));
  if (!named) {
    call.error(named.error().message);
    co_return;
  }
  const std::shared_ptr<proxy::ServerState> server = named->server;
  co_await everywhere(call, [server](proxy::WorkerContext& worker) { clear_shared(server->counters[worker.id()]); });
  const std::scoped_lock guard(named->backend->state->lock);
  clear_checks(*server);
  clear_times(*server);
}

bool is_admin(Call& call) {
  if (call.session.level == Level::admin) return true;
  call.error("Permission denied\n");
  return false;
}

io::Task<void> clear_counters(Call& call) {
  if (call.word(0) == "all") {
    if (!is_admin(call)) co_return;
    co_await clear_everywhere(call);
  } else if (call.word(0) == "server") {
    if (is_admin(call)) co_await clear_server(call);
    co_return;
  } else if (!call.words.empty()) {
    call.out.text += "'clear counters' expects 'all', 'server <backend>/<server>' or nothing.\n";
    co_return;
  }
  clear_maxima(*call.worker.plan, *call.worker.process);
  co_await everywhere(call, clear_activity);  // Management 9.3: what `show activity` counts begins anew as well
}

constexpr CliCommand kRows[] = {
    {.name = "clear counters",
     .level = Level::operator_,
     .usage = "clear counters [all | server <b>/<s>]",
     .run = clear_counters,
     .doc = "forget the highest values, or all counters, or a server's"},
    {.name = "show stat",
     .usage = "show stat [desc|json|no-maint|typed|up]*",
     .run = show_stat,
     .doc = "counters of every proxy and server"},
};

}  // namespace

constinit const std::span<const CliCommand> stat_commands{kRows};

}  // namespace weir::admin
