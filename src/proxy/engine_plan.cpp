// Building a plan: each part is taken from the running plan when its words did not change, made anew otherwise.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/engine.h"
#include "proxy/http/fcgi_app.h"

namespace weir::proxy {
namespace {

bool same_logging(const GlobalConfig& a, const GlobalConfig& b) {
  return a.logs == b.logs && a.log_tag == b.log_tag && a.log_send_hostname == b.log_send_hostname;
}

bool same_table(const stick::TableConfig& a, const stick::TableConfig& b) {
  return stick::same_shape(a, b) && a.size == b.size && a.expire == b.expire && a.nopurge == b.nopurge;
}

// The tables of the shared filters, beside them.
std::vector<std::shared_ptr<stick::StickTable>> filter_tables(const ProxyConfig& proxy,
                                                              const stick::TableRegistry& tables) {
  std::vector<std::shared_ptr<stick::StickTable>> out;
  for (const BandwidthFilter& filter : proxy.bandwidth_filters)
    out.push_back(filter.shared ? tables.share(filter.table.empty() ? proxy.name : filter.table) : nullptr);
  return out;
}

// `before`: the proxy's part of the running plan, if there is one. What was not read again (`add server`) stands where
// the last reload has found it.
template <class Part>
std::shared_ptr<RuleCounts> count_rules(const ProxyConfig& proxy, const ProcessState& process, const Part& before) {
  const auto workers = static_cast<unsigned>(process.contexts.size());
  auto counts = std::make_shared<RuleCounts>(workers, proxy.rule_lines, proxy.file_names);
  if (!before) return counts;
  if (before->config->rule_lines == proxy.rule_lines) counts->stand_with(*before->rules);
  counts->follow(before->rules);
  return counts;
}

}  // namespace

Result<void> Engine::add_targets(LogPlan& log, const std::vector<log::TargetConfig>& targets,
                                 const LogProfiles& profiles, const GlobalConfig& global) {
  for (const log::TargetConfig& target : targets) {
    auto made = sinks_.make_target(target, global.log_send_hostname.has_value());
    if (!made) return unexpected(made.error());
    log.targets.push_back(std::move(*made));
    if (!target.profile.empty() || !log.profiles.empty()) {
      log.profiles.resize(log.targets.size());
      log.profiles.back() = find_profile(profiles, target.profile);
    }
  }
  return {};
}

namespace {

// When a frontend writes its line, and what that line may ask for.
void decide_moments(LogPlan& log, const ProxyConfig& proxy) {
  const LogSettings& settings = proxy.settings.log;
  log.steps = settings.steps;
  log.plain = !log.format && log.steps == 0;
  log.silent_end = log.steps == 0 ? !log.format : (log.steps & bit_of(LogStep::close)) == 0;
  // COMPAT: observed on 2.6: the unique id counts as part of the line, used or not.
  const auto open = [](const auto& format) { return format && format->waits_for_end(); };
  const bool complete = !open(log.format) && !open(log.structured) && !open(proxy.settings.unique_id_program);
  const bool one_line = log.format && log.steps == 0;
  log.when_connected = one_line && (complete || settings.as_soon_as_possible);
  log.when_answered = one_line && settings.as_soon_as_possible;
  log.own_words =
      settings.format == LogSettings::Format::custom || log.structured || log.errors || !settings.profiles.empty();
  const auto asks = [](const auto& format) { return format && format->asks_for("bc_rtt"); };
  log.asks_server_rtt = asks(log.format) || asks(log.structured) || asks(log.errors);
  for (const auto& profile : settings.profiles)
    for (const LogProfile::Step& step : profile->steps)
      log.asks_server_rtt = log.asks_server_rtt || asks(step.format.program) || asks(step.structured.program);
}

}  // namespace

Result<LogPlan> Engine::make_log(const ProxyConfig& proxy, const GlobalConfig& global, bool frontend) {
  LogPlan log;
  const LogSettings& settings = proxy.settings.log;
  const LogProfiles& profiles = frontend ? settings.profiles : global.log_profiles;
  if (settings.use_global)
    if (auto added = add_targets(log, global.logs, profiles, global); !added) return unexpected(added.error());
  if (auto added = add_targets(log, settings.targets, profiles, global); !added) return unexpected(added.error());
  if (frontend) {
    log.format = settings.format_program;
    log.structured = settings.structured.program;
    log.errors = settings.errors.program;
    decide_moments(log, proxy);
  }
  log.tag = settings.tag.empty() ? global.log_tag : settings.tag;
  return log;
}

Result<LogPlan> Engine::make_fcgi_log(const ProxyConfig& proxy, const GlobalConfig& global) {
  LogPlan log;
  const FcgiApp* app = proxy.settings.http.fcgi_app.get();
  if (app == nullptr) return log;
  if (app->log_to_global)
    if (auto added = add_targets(log, global.logs, global.log_profiles, global); !added)
      return unexpected(added.error());
  if (auto added = add_targets(log, app->log_targets, global.log_profiles, global); !added)
    return unexpected(added.error());
  log.tag = app->name;
  return log;
}

Result<std::shared_ptr<FrontendPlan>> Engine::make_frontend(const Draft& draft, const Config& config,
                                                            const std::shared_ptr<ProxyConfig>& proxy) {
  auto made = std::make_shared<FrontendPlan>();
  auto log = make_log(*proxy, config.global, true);
  if (!log) return fail(fmt::format("frontend '{}': {}", proxy->name, log.error().message));
  made->config = proxy;
  made->state = draft.frontends.find(proxy->name)->second;
  made->log = std::move(*log);
  made->filter_tables = filter_tables(*proxy, draft.plan->tables);
  made->rules = count_rules(*proxy, process_, plan_ ? plan_->frontend(proxy->name) : nullptr);
  return made;
}

Result<void> Engine::add_frontend(Draft& draft, const Config& config, const std::shared_ptr<ProxyConfig>& proxy) {
  Plan& plan = *draft.plan;
  auto& state = draft.frontends[proxy->name];
  if (!state) state = std::make_shared<FrontendState>(proxy->name, static_cast<unsigned>(process_.contexts.size()));
  std::shared_ptr<const FrontendPlan> kept = plan_ ? plan_->frontend(proxy->name) : nullptr;
  if (kept && kept->config->signature == proxy->signature && kept->config->id == proxy->id &&
      same_logging(*plan_->global, *plan.global) && kept->filter_tables == filter_tables(*proxy, plan.tables)) {
    plan.frontends.push_back(std::move(kept));
  } else {
    auto made = make_frontend(draft, config, proxy);
    if (!made) return unexpected(made.error());
    plan.frontends.push_back(std::move(*made));
  }
  plan.frontend_by_name.emplace(plan.frontends.back()->config->name, plan.frontends.size() - 1);
  return {};
}

Result<std::shared_ptr<BackendPlan>> Engine::make_backend(const Draft& draft, const Config& config,
                                                          const std::shared_ptr<ProxyConfig>& proxy) {
  const Plan& plan = *draft.plan;
  auto made = std::make_shared<BackendPlan>();
  auto log = make_log(*proxy, config.global, false);
  if (!log) return fail(fmt::format("backend '{}': {}", proxy->name, log.error().message));
  made->config = proxy;
  made->state = draft.backends.find(proxy->name)->second;
  made->log = std::move(*log);
  if (auto fcgi = make_fcgi_log(*proxy, config.global))
    made->fcgi_log = std::move(*fcgi);
  else
    return fail(fmt::format("backend '{}': {}", proxy->name, fcgi.error().message));
  made->table = plan.tables.share(proxy->name);
  made->filter_tables = filter_tables(*proxy, plan.tables);
  made->algorithm = balance::find_algorithm(proxy->settings.balance.algorithm);
  made->rules = count_rules(*proxy, process_, plan_ ? plan_->backend(proxy->name) : nullptr);
  for (const stick::StickRule& rule : proxy->stick_rules) {
    made->stick_rules.push_back({&rule, plan.tables.share(rule.table.empty() ? proxy->name : rule.table)});
    made->stores_on_response = made->stores_on_response || rule.kind == stick::StickRule::Kind::store_response;
  }
  return made;
}

Result<void> Engine::add_backend(Draft& draft, const Config& config, const std::shared_ptr<ProxyConfig>& proxy) {
  Plan& plan = *draft.plan;
  auto& state = draft.backends[proxy->name];
  if (!state) state = std::make_shared<BackendState>(proxy->name, static_cast<unsigned>(process_.contexts.size()));
  std::shared_ptr<const BackendPlan> kept = plan_ ? plan_->backend(proxy->name) : nullptr;
  const bool same = kept && kept->config->signature == proxy->signature && kept->config->id == proxy->id &&
                    same_logging(*plan_->global, *plan.global) &&
                    kept->filter_tables == filter_tables(*proxy, plan.tables) &&
                    kept->table.get() == plan.tables.find(proxy->name) &&
                    std::all_of(kept->stick_rules.begin(), kept->stick_rules.end(), [&](const StickPlan& stick) {
                      return plan.tables.find(stick.table->config().name) == stick.table.get();
                    });
  if (same) {
    plan.backends.push_back(std::move(kept));
  } else {
    auto made = make_backend(draft, config, proxy);
    if (!made) return unexpected(made.error());
    plan.backends.push_back(std::move(*made));
  }
  if (proxy->settings.disabled) {
    plan.disabled.push_back(std::move(plan.backends.back()));
    plan.backends.pop_back();
    return {};
  }
  plan.backend_by_name.emplace(plan.backends.back()->config->name, plan.backends.size() - 1);
  return {};
}

namespace {

bool names_hold(const ProxyConfig& proxy, const Plan& plan) {
  return std::all_of(proxy.names.begin(), proxy.names.end(), [&](const auto& refs) { return refs->bound_to(plan); });
}

NameRefs::Owners bind_all(const ProxyConfig& proxy, const Plan& plan) {
  NameRefs::Owners owners;
  for (const auto& refs : proxy.names) refs->bind(plan, owners);
  return owners;
}

}  // namespace

// Once all parts are there, names get their meaning. A part that was kept and whose names now mean other objects is
// made anew: sessions that began on it keep the objects it meant.
Result<void> Engine::bind_names(Draft& draft, const Config& config) {
  Plan& plan = *draft.plan;
  const auto frontend = [&](const std::shared_ptr<ProxyConfig>& proxy) -> Result<void> {
    const std::size_t place = plan.frontend_by_name.at(proxy->name);
    auto& part = plan.frontends[place];
    if (part->config != proxy) {
      if (names_hold(*part->config, plan)) return {};
      auto made = make_frontend(draft, config, proxy);
      if (!made) return unexpected(made.error());
      plan.frontend_by_name.erase(proxy->name);  // its key lived in the part before
      plan.frontend_by_name.emplace(proxy->name, place);
      part = std::move(*made);
    }
    std::const_pointer_cast<FrontendPlan>(part)->named = bind_all(*proxy, plan);
    return {};
  };
  const auto backend = [&](const std::shared_ptr<ProxyConfig>& proxy) -> Result<void> {
    const std::size_t place = plan.backend_by_name.at(proxy->name);
    auto& part = plan.backends[place];
    if (part->config != proxy) {
      if (names_hold(*part->config, plan)) return {};
      auto made = make_backend(draft, config, proxy);
      if (!made) return unexpected(made.error());
      plan.backend_by_name.erase(proxy->name);  // its key lived in the part before
      plan.backend_by_name.emplace(proxy->name, place);
      part = std::move(*made);
    }
    std::const_pointer_cast<BackendPlan>(part)->named = bind_all(*proxy, plan);
    return {};
  };
  for (const auto& proxy : config.proxies) {
    if (proxy->settings.disabled) continue;
    if (proxy->is_frontend())
      if (auto bound = frontend(proxy); !bound) return bound;
    if (proxy->is_backend())
      if (auto bound = backend(proxy); !bound) return bound;
  }
  return {};
}

// Tables outlive a reload by name, key type and length; a changed `store`, `size` or `expire` moves the entries over,
// when the plan is sure to come.
void Engine::join_tables(Draft& draft, const Config& config) {
  const auto join = [&](const stick::TableConfig& wanted) {
    const auto found = tables_.find(wanted.name);
    std::shared_ptr<stick::StickTable> table;
    if (found != tables_.end() && same_table(found->second->config(), wanted)) {
      table = found->second;
    } else {
      table = std::make_shared<stick::StickTable>(wanted);
      if (found != tables_.end() && stick::same_keys(found->second->config(), wanted))
        draft.moves.emplace_back(table, found->second);
    }
    draft.plan->tables.add(table);
    draft.tables.emplace(wanted.name, std::move(table));
  };
  for (const auto& proxy : config.proxies)
    if (proxy->table) join(*proxy->table);
  for (const auto& section : config.peers)
    for (const stick::TableConfig& table : section.tables) join(table);
}

Result<void> Engine::build_plan(const Config& config, Draft& draft) {
  draft.plan = std::make_shared<Plan>();
  draft.frontends = frontends_;
  draft.backends = backends_;
  Plan& plan = *draft.plan;
  plan.serial = next_plan_++;
  plan.global = std::make_shared<const GlobalConfig>(config.global);
  plan.references = config.references;
  for (const log::RingConfig& ring : config.rings) sinks_.ring(ring);
  if (auto added = add_targets(plan.log, config.global.logs, config.global.log_profiles, config.global); !added)
    return unexpected(added.error());
  plan.log.tag = config.global.log_tag;
  for (const UserlistConfig& list : config.userlists)
    plan.userlists.push_back(std::make_shared<const UserlistConfig>(list));
  join_tables(draft, config);
  const bool any_forced =
      std::ranges::any_of(config.proxies, [](const auto& proxy) { return !proxy->be_switch_rules.empty(); });
  for (const auto& proxy : config.proxies) {
    if (proxy->settings.disabled) {
      // Only where some rule may force its way there does it run at all, without checks and unseen.
      if (proxy->is_backend() && any_forced)
        if (auto added = add_backend(draft, config, proxy); !added) return added;
      continue;
    }
    if (proxy->is_frontend())
      if (auto added = add_frontend(draft, config, proxy); !added) return added;
    // A frontend that names no backend is its own, without servers: what it takes finds none, as the log then says.
    if (proxy->is_backend())
      if (auto added = add_backend(draft, config, proxy); !added) return added;
  }
  if (auto bound = bind_names(draft, config); !bound) return bound;
  for (const auto& part : plan.disabled)  // made anew for every plan: none is shared with the one that runs
    std::const_pointer_cast<BackendPlan>(part)->named = bind_all(*part->config, plan);
  for (const auto& proxy : config.proxies) {
    if (proxy->settings.disabled) continue;
    ProxyPlan& listed = plan.proxies.emplace_back();
    if (proxy->is_frontend()) listed.frontend = plan.frontends[plan.frontend_by_name.at(proxy->name)];
    if (proxy->is_backend()) listed.backend = plan.backends[plan.backend_by_name.at(proxy->name)];
  }
  return {};
}

}  // namespace weir::proxy
