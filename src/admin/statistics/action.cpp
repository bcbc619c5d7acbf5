#include "admin/statistics/action.h"

#include <algorithm>
#include <mutex>

#include "admin/lookup.h"
#include "admin/server_state.h"
#include "admin/statistics/form.h"
#include "admin/statistics/scope.h"
#include "proto/http/text.h"
#include "proto/http/uri.h"
#include "proxy/agent.h"
#include "proxy/health_events.h"
#include "proxy/process_state.h"
#include "proxy/tracking.h"

namespace weir::admin {
namespace {

using proxy::WorkerContext;
using Server = std::shared_ptr<proxy::ServerState>;

std::uint8_t flags(const Server& server) {
  const std::scoped_lock guard(server->backend.lock);
  return server->health.admin_flags();
}

// COMPAT: observed on 2.6: a state that is asked for counts as a change, whatever the server's was.
template <void (*Make)(WorkerContext&, proxy::ServerState&)>
bool make(WorkerContext& worker, const Server& server) {
  Make(worker, *server);
  return true;
}

template <check::Admin flag, bool on>
bool flag_is(WorkerContext& worker, const Server& server) {
  const std::uint8_t before = flags(server);
  proxy::set_server_admin(worker, *server, flag, on);
  return flags(server) != before;
}

bool is_checked(const Server& server) {
  const std::scoped_lock guard(server->backend.lock);
  return server->health.checked() && server->config->health.track.empty();
}
bool has_agent(const Server& server) {
  const std::scoped_lock guard(server->backend.lock);
  return server->agent.enabled;
}

// Unchecked is up: what the checks said is forgotten with them.
bool disable_health(WorkerContext& worker, const Server& server) {
  if (!is_checked(server)) return false;
  bool down = false;
  {
    const std::scoped_lock guard(server->backend.lock);
    if (server->checks_paused) return false;
    server->checks_paused = true;
    down = !server->health.up();
  }
  if (down)
    proxy::force_server_health(worker, *server, check::State::running);
  else
    proxy::hand_on_health(worker, *server);
  return true;
}

bool enable_health(WorkerContext&, const Server& server) {
  if (!is_checked(server)) return false;
  const std::scoped_lock guard(server->backend.lock);
  return std::exchange(server->checks_paused, false);
}

// A server that tracks another has no health of its own.
template <check::State state>
bool force_health(WorkerContext& worker, const Server& server) {
  {
    const std::scoped_lock guard(server->backend.lock);
    if (!server->config->health.track.empty()) return false;
  }
  proxy::force_server_health(worker, *server, state);
  return true;
}

template <bool paused>
bool pause_agent(WorkerContext&, const Server& server) {
  if (!has_agent(server)) return false;
  {
    const std::scoped_lock guard(server->backend.lock);
    if (server->agent_paused == paused) return false;
  }
  proxy::pause_agent(*server, paused);
  return true;
}

template <bool up>
bool force_agent(WorkerContext& worker, const Server& server) {
  if (!has_agent(server)) return false;
  proxy::force_server_agent(worker, *server, up);
  return true;
}

bool shut_down(WorkerContext& worker, const Server& server) {
  proxy::shut_sessions(*worker.process, server, proxy::EndedBy::admin);
  return true;
}

using check::Admin;
using check::State;

constexpr ServerAction kActions[] = {
    {"ready", "Ready: takes new sessions", make<make_ready>},
    {"drain", "Drain: keeps its sessions, takes no new users", make<make_drain>},
    {"maint", "Maintenance: takes nobody", make<make_maint>},
    {"dhlth", "Health checks: stop", disable_health},
    {"ehlth", "Health checks: start", enable_health},
    {"hrunn", "Health: is up", force_health<State::running>},
    {"hnolb", "Health: is stopping", force_health<State::stopping>},
    {"hdown", "Health: is down", force_health<State::stopped>},
    {"dagent", "Agent checks: stop", pause_agent<true>},
    {"eagent", "Agent checks: start", pause_agent<false>},
    {"arunn", "Agent: says up", force_agent<true>},
    {"adown", "Agent: says down", force_agent<false>},
    {"shutdown", "End all sessions", shut_down},
    // COMPAT: words of old scripts; observed on 2.6.
    {"disable", "", flag_is<Admin::forced_maint, true>},
    {"enable", "", flag_is<Admin::forced_maint, false>},
    {"stop", "", flag_is<Admin::forced_drain, true>},
    {"start", "", flag_is<Admin::forced_drain, false>},
};

constexpr ActionResult kResults[] = {
    {"DONE", "good", "Done."},
    {"NONE", "warn", "Nothing has changed."},
    {"PART", "warn", "Done for some of the servers: others are not known here."},
    {"ERRP", "bad", "Not done: the action, the backend or the servers are not known here."},
    {"EXCD", "bad", "Not done: the form did not fit the buffer. Choose fewer servers at a time."},
    {"DENY", "bad", "Refused."},
    {"UNKN", "warn", "Something unexpected came of it."},
};

// The host and port of a URL; empty: it is none ("null").
std::string_view authority_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return {};
  std::string_view rest = url.substr(scheme + 3);
  return proto::http::without_user(rest.substr(0, rest.find_first_of("/?#")));
}

Server server_named(const proxy::BackendPlan& backend, std::string_view name) {
  const std::scoped_lock guard(backend.state->lock);
  for (const auto& server : backend.state->servers)
    if (server->name == name) return server;
  return nullptr;
}

}  // namespace

std::span<const ServerAction> server_actions() { return kActions; }

const ActionResult& action_result(std::string_view word) {
  const auto* const found = std::ranges::find(kResults, word, &ActionResult::word);
  return found == std::end(kResults) ? kResults[std::size(kResults) - 1] : *found;
}

bool comes_from_here(const proto::http::Head& head) {
  using proto::http::FieldId;
  using proto::http::same_name;
  static const proto::http::FieldName kSite("sec-fetch-site");
  if (const auto* site = head.find(kSite); site != nullptr && site->value != "same-origin" && site->value != "none")
    return false;
  auto from = head.value(FieldId::origin);
  if (!from) from = head.value(FieldId::referer);
  if (!from) return true;
  const auto host = head.value(FieldId::host);
  return host && !host->empty() && same_name(authority_of(*from), *host);
}

std::string_view apply_form(const proxy::ServiceRequest& request) {
  if (!request.may_change || !comes_from_here(request.head)) return "DENY";
  if (request.body_cut) return "EXCD";
  const ServerForm form = read_form(request.body);
  if (!form.action || form.servers.empty()) return "NONE";
  const auto* const action = std::ranges::find(kActions, *form.action, &ServerAction::word);
  const auto backend = named_backend(*request.plan, form.backend);
  if (action == std::end(kActions) || !backend) return "ERRP";
  if (!in_scope(*request.proxy, backend->config->name)) return "DENY";
  std::size_t known = 0;
  bool changed = false;
  for (const std::string& name : form.servers) {
    const Server server = server_named(*backend, name);
    if (server == nullptr) continue;
    known++;
    changed = action->act(request.worker, server) || changed;
  }
  if (known == 0) return "ERRP";
  if (known != form.servers.size()) return "PART";
  return changed ? "DONE" : "NONE";
}

}  // namespace weir::admin
