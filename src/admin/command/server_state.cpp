// `show servers state`, `show servers conn`, `show backend`: backends and what their servers are in.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "admin/command/tables.h"
#include "admin/lookup.h"
#include "admin/session.h"
#include "proxy/process_state.h"

namespace weir::admin {
namespace {

// Management 9.3, show servers state: results and states by number.
constexpr unsigned kUnknown = 0, kFailed = 2, kPassed = 3, kConditional = 4;
constexpr unsigned kInProgress = 1, kConfigured = 2, kEnabled = 4, kPaused = 8;

unsigned check_result(check::Status status) {
  if (!check::conclusive(status)) return kUnknown;
  if (status == check::Status::l7okc) return kConditional;
  return check::passed(status) ? kPassed : kFailed;
}

unsigned check_state(const proxy::ServerState& server) {
  unsigned state = 0;
  if (server.health.checked()) state |= kConfigured | (server.checks_paused ? 0 : kEnabled);
  // COMPAT: a server that began disabled and has no checks stays marked as paused when it leaves maintenance.
  const bool began_paused = server.config->disabled && !server.health.checked();
  const bool enabled = (state & kEnabled) != 0;
  if ((server.health.in_maintenance() && enabled) || began_paused) state |= kPaused;
  if (server.check_running) state |= kInProgress;
  return state;
}

unsigned agent_state(const proxy::ServerState& server) {
  constexpr unsigned kIsAgent = 16;
  if (!server.agent.enabled) return 0;
  return kIsAgent | kConfigured | (server.agent_paused ? 0 : kEnabled) | (server.agent_running ? kInProgress : 0);
}

std::string host_or_dash(const SocketAddress& address) {
  return address.family() == AddressFamily::none ? "-" : address.host();
}

// Manual, show servers state: up but throttled is "starting".
check::State operating_state(const proxy::ServerState& server) {
  const check::State state = server.health.state();
  return state == check::State::running && server.warming_since ? check::State::starting : state;
}

void write_state(std::string& out, const proxy::BackendPlan& backend, const proxy::ServerState& server, TimePoint now) {
  const proxy::ServerConfig& config = *server.config;
  const check::CheckResult& last = server.health.last();
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - server.last_change).count();
  const unsigned admin =
      server.health.admin_flags() | (config.disabled ? static_cast<unsigned>(check::Admin::config_maint) : 0U);
  fmt::format_to(std::back_inserter(out), "{} {} {} {} {} {} {} {} {} {} ", backend.config->id, backend.config->name,
                 server.id, server.name, host_or_dash(server.address), static_cast<unsigned>(operating_state(server)),
                 admin, server.runtime_weight.value_or(config.weight), config.weight, age < 0 ? 0 : age);
  // COMPAT: nothing ever counts for a server that began disabled and has no checks.
  const unsigned counter = config.disabled && !server.health.checked() ? 0 : server.health.counter();
  fmt::format_to(std::back_inserter(out), "{} {} {} {} {} {} {} {} {} - 0 {} {} {} {}\n",
                 static_cast<unsigned>(last.status), check_result(last.status), counter, check_state(server),
                 agent_state(server), backend.config->explicit_id ? 1 : 0, config.explicit_id ? 1 : 0,
                 config.spec.host.empty() ? "-" : config.spec.host, server.address.port(), config.check.port,
                 host_or_dash(config.check.address), host_or_dash(server.agent.address), server.agent.port);
}

void write_connections(std::string& out, const proxy::BackendPlan& backend, const proxy::ServerState& server,
                       std::size_t threads) {
  std::uint32_t idle = 0, proven = 0, own = 0;
  for (std::size_t i = 0; i < threads; i++) {
    const proxy::ServerCounters& counters = server.counters[static_cast<unsigned>(i)];
    idle += counters.resting.load(std::memory_order_relaxed);
    proven += counters.resting_proven.load(std::memory_order_relaxed);
    own += counters.resting_private.load(std::memory_order_relaxed);
  }
  const std::uint32_t now = server.sessions.value();
  const std::uint32_t most = server.sessions.max();  // as many are kept (has_room())
  fmt::format_to(std::back_inserter(out), "{}/{} {}/{} {} {} - {} {} {} {} {} {} {} {} {} {}", backend.config->name,
                 server.name, backend.config->id, server.id, host_or_dash(server.address), server.address.port(),
                 server.config->pool_purge.count(), now, now, most, most, own, idle - std::min(proven, idle), proven,
                 server.config->pool_max, idle);
  for (std::size_t i = 0; i < threads; i++)
    fmt::format_to(std::back_inserter(out), " {}",
                   server.counters[static_cast<unsigned>(i)].resting.load(std::memory_order_relaxed));
  out += '\n';
}

// The backends the word names: all of them without one. False: it names none.
bool chosen_backends(Call& call, std::vector<std::shared_ptr<const proxy::BackendPlan>>& chosen) {
  for (const proxy::ProxyPlan& proxy : call.worker.plan->proxies)
    if (proxy.backend) chosen.push_back(proxy.backend);
  if (call.words.empty()) return true;
  const auto named = named_backend(*call.worker.plan, call.word(0));
  if (!named) {
    call.error("Can't find backend.\n");
    return false;
  }
  chosen = {named};
  return true;
}

io::Task<void> show_state(Call& call) {
  std::vector<std::shared_ptr<const proxy::BackendPlan>> backends;
  if (!chosen_backends(call, backends)) co_return;
  call.out.text +=
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
      "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
      "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
      "srv_agent_addr srv_agent_port\n";
  for (const auto& backend : backends) {
    {
      const std::scoped_lock guard(backend->state->lock);
      for (const auto& server : backend->state->servers)
        write_state(call.out.text, *backend, *server, call.worker.io->now());
    }
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

io::Task<void> show_connections(Call& call) {
  std::vector<std::shared_ptr<const proxy::BackendPlan>> backends;
  if (!chosen_backends(call, backends)) co_return;
  const std::size_t threads = call.worker.process->contexts.size();
  fmt::format_to(std::back_inserter(call.out.text),
                 "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess "
                 "unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[{}]\n",
                 threads);
  for (const auto& backend : backends) {
    {
      const std::scoped_lock guard(backend->state->lock);
      for (const auto& server : backend->state->servers) write_connections(call.out.text, *backend, *server, threads);
    }
    const bool goes_on = co_await call.out.room();
    if (!goes_on) co_return;
  }
}

void show_backends(Call& call) {
  call.out.text += "# name\n";
  for (const proxy::ProxyPlan& proxy : call.worker.plan->proxies)
    if (proxy.backend) call.out.text += proxy.name() + '\n';
}

constexpr CliCommand kRows[] = {
    {.name = "show backend", .usage = "show backend", .answer = show_backends, .doc = "names of the backends"},
    {.name = "show servers conn",
     .usage = "show servers conn [<backend>]",
     .run = show_connections,
     .doc = "connections of each server"},
    {.name = "show servers state",
     .usage = "show servers state [<backend>]",
     .run = show_state,
     .doc = "state of each server, in the form of a state file"},
};

}  // namespace

constinit const std::span<const CliCommand> server_state_commands{kRows};

}  // namespace weir::admin
