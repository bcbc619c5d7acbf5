// Commands on frontends and on the process's limit: disable, enable, shutdown, maxconn.
//
// A disabled frontend leaves its clients in the kernel's backlog until it is enabled again; a shut one closes its
// sockets for good.
#include <fmt/format.h>

#include "admin/command/tables.h"
#include "admin/everywhere.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "base/units.h"
#include "proxy/accepting.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"
#include "proxy/tcp/session.h"

namespace weir::admin {
namespace {

using Frontend = std::shared_ptr<const proxy::FrontendPlan>;

Frontend chosen(Call& call) {
  auto named = named_frontend(*call.worker.plan, call.word(0));
  if (named) return *named;
  call.error(named.error().message);
  return nullptr;
}

void say(Call& call, const proxy::FrontendPlan& frontend, const std::string& message) {
  call.worker.emit(frontend.log, {.level = log::Level::warning, .message = message});
  proxy::show_on_terminal(*call.worker.process, static_cast<int>(log::Level::warning), message);
}

void pause(proxy::WorkerContext& worker, const proxy::FrontendState* state) {
  for (const auto& listener : worker.listeners)
    if (listener->frontend->state.get() == state && listener->acceptor) listener->acceptor->pause();
}

void close_listeners(proxy::WorkerContext& worker, const proxy::FrontendState* state) {
  std::vector<std::unique_ptr<proxy::WorkerListener>> kept;
  for (auto& listener : std::exchange(worker.listeners, {})) {
    if (listener->frontend->state.get() != state) {
      kept.push_back(std::move(listener));
      continue;
    }
    proxy::drop_listener(worker, std::move(listener));
  }
  worker.listeners = std::move(kept);
}

io::Task<void> disable_frontend(Call& call) {
  const Frontend frontend = chosen(call);
  if (!frontend) co_return;
  const std::shared_ptr<proxy::FrontendState> state = frontend->state;
  if (state->shut.load(std::memory_order_relaxed)) {
    call.error("Frontend was previously shut down, cannot disable.\n");
    co_return;
  }
  if (state->disabled.exchange(true)) {
    call.error("All sockets are already disabled.\n");
    co_return;
  }
  co_await everywhere(call, [state](proxy::WorkerContext& worker) { pause(worker, state.get()); });
  say(call, *frontend, fmt::format("Paused frontend {}.", state->name));
}

io::Task<void> enable_frontend(Call& call) {
  const Frontend frontend = chosen(call);
  if (!frontend) co_return;
  const std::shared_ptr<proxy::FrontendState> state = frontend->state;
  if (state->shut.load(std::memory_order_relaxed)) {
    call.error("Frontend was previously shut down, cannot enable.\n");
    co_return;
  }
  if (!state->disabled.exchange(false)) {
    call.error("All sockets are already enabled.\n");
    co_return;
  }
  co_await everywhere(call, [](proxy::WorkerContext& worker) { proxy::resume_listeners(worker); });
  say(call, *frontend, fmt::format("Resumed frontend {}.", state->name));
}

io::Task<void> shutdown_frontend(Call& call) {
  const Frontend frontend = chosen(call);
  if (!frontend) co_return;
  const std::shared_ptr<proxy::FrontendState> state = frontend->state;
  if (state->shut.exchange(true)) {
    call.error("Frontend was already shut down.\n");
    co_return;
  }
  co_await everywhere(call, [state](proxy::WorkerContext& worker) { close_listeners(worker, state.get()); });
  const auto backend = call.worker.plan->backend(state->name);
  say(call, *frontend,
      fmt::format("Proxy {} stopped (cumulated conns: FE: {}, BE: {}).", state->name,
                  state->counters.sum(&proxy::FrontendCounters::connections),
                  backend ? backend->state->counters.sum(&proxy::BackendCounters::sessions) : 0));
}

io::Task<void> resume_everywhere(Call& call) {
  co_await everywhere(call, [](proxy::WorkerContext& worker) { proxy::resume_listeners(worker); });
}

io::Task<void> set_frontend_maxconn(Call& call) {
  const Frontend frontend = chosen(call);
  if (!frontend) co_return;
  const auto wanted = parse_integer(call.word(1), 0, 0x7fffffff);
  if (!wanted) {
    call.error("Integer value expected.\n");
    co_return;
  }
  frontend->state->maxconn.store(static_cast<std::uint32_t>(*wanted), std::memory_order_relaxed);
  co_await resume_everywhere(call);
}

// Between 1 and what the configuration gave; 0 is that again.
io::Task<void> set_global_maxconn(Call& call) {
  const auto wanted = parse_integer(call.word(0), 0, 0x7fffffff);
  if (!wanted) {
    call.error("Expects an integer value.\n");
    co_return;
  }
  const std::uint32_t configured = call.worker.plan->global->maxconn;
  const auto value = static_cast<std::uint32_t>(*wanted);
  if (configured != 0 && value > configured) {
    call.error("Value out of range.\n");
    co_return;
  }
  call.worker.process->maxconn.store(value == 0 ? configured : value, std::memory_order_relaxed);
  co_await resume_everywhere(call);
}

constexpr std::string_view kRateLimits =
    "'set rate-limit' only supports :\n"
    "   - 'connections global' to set the per-process maximum connection rate\n"
    "   - 'sessions global' to set the per-process maximum session rate\n"
    "   - 'http-compression global' to set the per-process maximum compression speed in kB/s\n";

io::Task<void> set_rate_limit(Call& call) {
  std::atomic<std::uint32_t>* limit = nullptr;
  if (call.word(0) == "connections") limit = &call.worker.process->most_connections_per_second;
  if (call.word(0) == "sessions") limit = &call.worker.process->most_sessions_per_second;
  const bool compression = call.word(0) == "http-compression";
  if ((limit == nullptr && !compression) || call.word(1) != "global") {
    call.error(kRateLimits);
    co_return;
  }
  const auto wanted = parse_integer(call.word(2), 0, 0x7fffffff);
  if (!wanted) {
    call.error("Expects an integer value.\n");
    co_return;
  }
  if (compression) {
    call.worker.process->compression.most_in_per_second.store(static_cast<std::uint64_t>(*wanted) * 1024,
                                                              std::memory_order_relaxed);
    co_return;
  }
  limit->store(static_cast<std::uint32_t>(*wanted), std::memory_order_relaxed);
  co_await resume_everywhere(call);
}

constexpr CliCommand kRows[] = {
    {.name = "disable frontend",
     .level = Level::admin,
     .usage = "disable frontend <frontend>",
     .run = disable_frontend,
     .doc = "stop taking new clients for a while"},
    {.name = "enable frontend",
     .level = Level::admin,
     .usage = "enable frontend <frontend>",
     .run = enable_frontend,
     .doc = "take new clients again"},
    {.name = "set maxconn frontend",
     .level = Level::admin,
     .usage = "set maxconn frontend <frontend> <value>",
     .run = set_frontend_maxconn,
     .doc = "most sessions of a frontend"},
    {.name = "set maxconn global",
     .level = Level::admin,
     .usage = "set maxconn global <value>",
     .run = set_global_maxconn,
     .doc = "most client connections of the process"},
    {.name = "set rate-limit",
     .level = Level::admin,
     .usage = "set rate-limit {connections|http-compression|sessions} global <value>",
     .run = set_rate_limit,
     .doc = "most connections, sessions or compressed kilobytes a second; 0 for any number"},
    {.name = "shutdown frontend",
     .level = Level::admin,
     .usage = "shutdown frontend <frontend>",
     .run = shutdown_frontend,
     .doc = "close a frontend's sockets for good"},
};

}  // namespace

constinit const std::span<const CliCommand> frontend_commands{kRows};

}  // namespace weir::admin
