#include "admin/stat_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace weir::admin {
namespace {

std::uint32_t seconds_since(TimePoint then, TimePoint now) {
  if (then > now) return 0;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now - then).count());
}

std::int32_t last_session_age(TimePoint last, TimePoint now) {
  return last == TimePoint{} ? -1 : static_cast<std::int32_t>(seconds_since(last, now));
}

void zeros(Fields& fields, std::initializer_list<std::size_t> columns) {
  for (const std::size_t column : columns) fields.number(column, std::uint64_t{0});
}

void protocol_zeros(Fields& fields, std::size_t last) {
  for (std::size_t column = k_ssl_sess; column <= last; column++) fields.number(column, std::uint64_t{0});
}

void identify(Fields& fields, const proxy::ProxyConfig& proxy, std::string name, std::uint32_t server,
              std::uint32_t type) {
  fields.text(k_pxname, proxy.name);
  fields.text(k_svname, std::move(name));
  fields.number(k_pid, 1U);
  fields.number(k_iid, proxy.id);
  fields.number(k_sid, server);
  fields.number(k_type, type);
  fields.text(k_mode, proxy.settings.mode == proxy::Mode::http ? "http" : "tcp");
}

// Every byte is passed on as it came, so what was received was sent.
void put_bytes(Fields& fields, std::uint64_t in, std::uint64_t out) {
  fields.number(k_bin, in);
  fields.number(k_bout, out);
  fields.number(k_reqbin, in);
  fields.number(k_reqbout, in);
  fields.number(k_resbin, out);
  fields.number(k_resbout, out);
}

// Of a proxy that may compress. What was received of requests and sent of answers is counted; the other side of each
// differs by what compression saved.
template <class Counters>
void put_compression(Fields& fields, const proxy::PerWorker<Counters>& counters, std::uint64_t bytes_in,
                     std::uint64_t bytes_out) {
  using proxy::CompressionCounters;
  const auto sum = [&](proxy::Counter CompressionCounters::* member) {
    std::uint64_t total = 0;
    for (unsigned worker = 0; worker < counters.size(); worker++)
      total += (counters[worker].compression.*member).value();
    return total;
  };
  const std::uint64_t in = sum(&CompressionCounters::in), out = sum(&CompressionCounters::out);
  fields.number(k_comp_in, in);
  fields.number(k_comp_out, out);
  fields.number(k_comp_byp, sum(&CompressionCounters::bypassed));
  fields.number(k_comp_rsp, sum(&CompressionCounters::responses));
  fields.number(k_reqbout, bytes_in - sum(&CompressionCounters::request_in) + sum(&CompressionCounters::request_out));
  fields.number(k_resbin, bytes_out + in - out);
}

template <class State>
void put_times(Fields& fields, const State& state) {
  fields.number(k_qtime, state.queue_time.value());
  fields.number(k_ctime, state.connect_time.value());
  fields.number(k_rtime, state.response_time.value());
  fields.number(k_ttime, state.total_time.value());
  fields.number(k_qtime_max, state.queue_time.max());
  fields.number(k_ctime_max, state.connect_time.max());
  fields.number(k_rtime_max, state.response_time.max());
  fields.number(k_ttime_max, state.total_time.max());
}

template <class State, class Counters>
void put_traffic(Fields& fields, const State& state, const proxy::PerWorker<Counters>& counters) {
  const auto sum = [&](proxy::Counter Counters::* member) { return counters.sum(member); };
  fields.number(k_scur, state.sessions.value());
  fields.number(k_smax, state.sessions.max());
  fields.number(k_qcur, state.queued.value());
  fields.number(k_qmax, state.queued.max());
  fields.number(k_stot, sum(&Counters::sessions));
  put_bytes(fields, sum(&Counters::bytes_in), sum(&Counters::bytes_out));
  fields.number(k_econ, sum(&Counters::failed_connections));
  fields.number(k_eresp, sum(&Counters::failed_responses));
  fields.number(k_wretr, sum(&Counters::retries));
  fields.number(k_wredis, sum(&Counters::redispatches));
  fields.number(k_cli_abrt, sum(&Counters::client_aborts));
  fields.number(k_srv_abrt, sum(&Counters::server_aborts));
  fields.number(k_lbtot, sum(&Counters::picked));
  fields.number(k_connect, sum(&Counters::sessions) + sum(&Counters::retries));
  fields.number(k_dresp, sum(&Counters::denied_responses));
  zeros(fields, {k_wrew, k_reuse, k_eint});
  put_times(fields, state);
}

// The answers by their first digit; only of proxies that speak HTTP.
template <class Counters>
void put_answers(Fields& fields, const proxy::PerWorker<Counters>& counters) {
  constexpr std::size_t kColumns[] = {k_hrsp_other, k_hrsp_1xx, k_hrsp_2xx, k_hrsp_3xx, k_hrsp_4xx, k_hrsp_5xx};
  for (std::size_t digit = 0; digit < std::size(kColumns); digit++) {
    std::uint64_t total = 0;
    for (unsigned worker = 0; worker < counters.size(); worker++) total += counters[worker].responses[digit].value();
    fields.number(kColumns[digit], total);
  }
  fields.number(k_wrew, counters.sum(&Counters::failed_rewrites));
  fields.number(k_req_tot, counters.sum(&Counters::requests));
}

// Of a backend or a server: which connections its requests went over.
template <class Counters>
void put_connections(Fields& fields, const proxy::PerWorker<Counters>& counters) {
  fields.number(k_connect, counters.sum(&Counters::connects));
  fields.number(k_reuse, counters.sum(&Counters::reuses));
}

bool speaks_http(const proxy::ProxyConfig& proxy) { return proxy.settings.mode == proxy::Mode::http; }

std::string frontend_status(const proxy::FrontendState& state, std::uint32_t limit) {
  if (state.shut.load(std::memory_order_relaxed)) return "STOP";
  if (state.disabled.load(std::memory_order_relaxed)) return "PAUSED";
  return limit != 0 && state.sessions.value() >= limit ? "FULL" : "OPEN";
}

bool may_use(const proxy::ProxyConfig& frontend, const std::string& backend) {
  return frontend.settings.default_backend == backend || frontend.name == backend ||
         std::any_of(frontend.use_backends.begin(), frontend.use_backends.end(),
                     [&](const proxy::UseBackend& rule) { return rule.name == backend || rule.format; });
}

// Manual, fullconn: unset, it is a tenth of what the frontends that lead here may carry.
std::uint32_t full_load(const StatContext& context, const proxy::BackendPlan& backend) {
  if (backend.config->settings.fullconn) return *backend.config->settings.fullconn;
  std::uint64_t total = 0;
  for (const auto& frontend : context.plan->frontends)
    if (may_use(*frontend->config, backend.config->name))
      total += frontend->config->settings.maxconn.value_or(context.process_maxconn);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>((total + 9) / 10, 1));
}

void put_check(Fields& fields, const proxy::ServerState& server, const check::Health& health) {
  const check::CheckResult& last = health.last();
  const std::string status(check::status_word(last.status));
  fields.text(k_check_status, server.check_running ? "* " + status : status);
  fields.text(k_check_desc, std::string(check::status_description(last.status)));
  if (check::conclusive(last.status)) {
    if (last.code != check::CheckResult::kNoCode) fields.number(k_check_code, static_cast<std::uint32_t>(last.code));
    if (last.duration != check::CheckResult::kNoDuration)
      fields.number(k_check_duration, static_cast<std::uint64_t>(last.duration.count()));
  }
  if (!last.info.empty()) fields.text(k_last_chk, last.info);
  fields.number(k_check_rise, health.rise());
  fields.number(k_check_fall, health.fall());
  fields.number(k_check_health, health.counter());
}

void put_agent(Fields& fields, const proxy::ServerState& server) {
  const check::CheckResult& last = server.health.last_agent();
  const std::string status(check::status_word(last.status));
  fields.text(k_agent_status, server.agent_running ? "* " + status : status);
  fields.text(k_agent_desc, std::string(check::status_description(last.status)));
  if (last.status != check::Status::ini) {
    if (last.code != check::CheckResult::kNoCode) fields.number(k_agent_code, static_cast<std::uint32_t>(last.code));
    fields.number(k_agent_duration, static_cast<std::uint64_t>(last.duration.count()));
  }
  if (!last.info.empty()) fields.text(k_last_agt, last.info);
  // An agent's word counts at once.
  fields.number(k_agent_rise, 1U);
  fields.number(k_agent_fall, 1U);
  fields.number(k_agent_health, server.health.agent_says_up() ? 1U : 0U);
}

std::string server_status(const proxy::ServerState& server) {
  const check::Health& health = server.health;
  if (health.has(check::Admin::inherited_maint)) return fmt::format("MAINT (via {})", server.config->health.track);
  if (health.checked() && server.checks_paused && health.up() && !health.in_maintenance() && !health.draining())
    return "no check";
  return health.status_text();
}

}  // namespace

Fields frontend_fields(const StatContext& context, const proxy::FrontendPlan& frontend) {
  Fields fields(stat_rows());
  const proxy::FrontendState& state = *frontend.state;
  const auto sum = [&](proxy::Counter proxy::FrontendCounters::* member) { return state.counters.sum(member); };
  identify(fields, *frontend.config, "FRONTEND", 0, 0);
  const std::uint32_t own_limit = state.maxconn.load(std::memory_order_relaxed);
  const std::uint32_t limit = own_limit != 0 ? own_limit : context.process_maxconn;
  fields.number(k_scur, state.sessions.value());
  fields.number(k_smax, state.sessions.max());
  fields.number(k_slim, limit);
  fields.number(k_stot, sum(&proxy::FrontendCounters::sessions));
  put_bytes(fields, sum(&proxy::FrontendCounters::bytes_in), sum(&proxy::FrontendCounters::bytes_out));
  fields.number(k_dreq, sum(&proxy::FrontendCounters::denied_requests));
  fields.number(k_ereq, sum(&proxy::FrontendCounters::failed_requests));
  fields.number(k_dcon, sum(&proxy::FrontendCounters::denied_connections));
  fields.text(k_status, frontend_status(state, limit));
  fields.number(k_rate, state.session_rate.value(context.now_ms()));
  fields.number(k_rate_max, state.session_rate.max());
  fields.number(k_conn_rate, state.connection_rate.value(context.now_ms()));
  fields.number(k_conn_rate_max, state.connection_rate.max());
  fields.number(k_conn_tot, sum(&proxy::FrontendCounters::connections));
  fields.number(k_sess_other, sum(&proxy::FrontendCounters::sessions));
  fields.number(k_req_other, sum(&proxy::FrontendCounters::sessions));
  for (const std::size_t column : {k_rate_lim, k_req_rate, k_req_rate_max}) fields.number(column, 0U);
  fields.number(k_dresp, sum(&proxy::FrontendCounters::denied_responses));
  fields.number(k_dses, sum(&proxy::FrontendCounters::denied_sessions));
  fields.number(k_req_tot, sum(&proxy::FrontendCounters::requests));  // those of connections that became HTTP, too
  zeros(fields, {k_wrew, k_eint, k_h1_sess, k_h2_sess, k_h3_sess, k_h1req, k_h2req, k_h3req});
  put_compression(fields, state.counters, sum(&proxy::FrontendCounters::bytes_in),
                  sum(&proxy::FrontendCounters::bytes_out));
  protocol_zeros(fields, k_h1_spliced_bytes_out);
  if (!speaks_http(*frontend.config)) return fields;
  put_answers(fields, state.counters);
  fields.number(k_intercepted, sum(&proxy::FrontendCounters::intercepted));
  fields.number(k_req_rate, state.request_rate.value(context.now_ms()));
  fields.number(k_req_rate_max, state.request_rate.max());
  zeros(fields, {k_cache_lookups, k_cache_hits, k_sess_other, k_req_other});
  fields.number(k_h1_sess, sum(&proxy::FrontendCounters::sessions));
  fields.number(k_h1req, sum(&proxy::FrontendCounters::requests));
  fields.number(k_h1_open_connections, state.sessions.value());
  fields.number(k_h1_total_connections, sum(&proxy::FrontendCounters::sessions));
  fields.number(k_h1_total_streams, sum(&proxy::FrontendCounters::requests));
  fields.number(k_h1_bytes_in, sum(&proxy::FrontendCounters::bytes_in));
  fields.number(k_h1_bytes_out, sum(&proxy::FrontendCounters::bytes_out));
  return fields;
}

Fields backend_fields(const StatContext& context, const proxy::BackendPlan& backend) {
  Fields fields(stat_rows());
  const proxy::BackendState& state = *backend.state;
  identify(fields, *backend.config, "BACKEND", 0, 1);
  put_traffic(fields, state, state.counters);
  fields.number(k_slim, full_load(context, backend));
  fields.number(k_dreq, state.counters.sum(&proxy::BackendCounters::denied_requests));
  fields.number(k_rate, state.session_rate.value(context.now_ms()));
  fields.number(k_rate_max, state.session_rate.max());
  // Observed: who only sends everybody to one place balances nothing.
  const proxy::ProxyConfig& config = *backend.config;
  const bool one_place = config.dispatch.family() != AddressFamily::none || config.settings.transparent;
  fields.text(k_algo, config.servers.empty() && one_place ? "none" : config.settings.balance.algorithm);
  put_compression(fields, state.counters, state.counters.sum(&proxy::BackendCounters::bytes_in),
                  state.counters.sum(&proxy::BackendCounters::bytes_out));
  protocol_zeros(fields, k_h1_spliced_bytes_out);
  if (speaks_http(config)) {
    put_answers(fields, state.counters);
    put_connections(fields, state.counters);
    zeros(fields, {k_cache_lookups, k_cache_hits});
    const auto sum = [&](proxy::Counter proxy::BackendCounters::* member) { return state.counters.sum(member); };
    fields.number(k_h1_total_connections, sum(&proxy::BackendCounters::connects));
    fields.number(k_h1_total_streams, sum(&proxy::BackendCounters::requests));
    fields.number(k_h1_bytes_in, sum(&proxy::BackendCounters::bytes_out));
    fields.number(k_h1_bytes_out, sum(&proxy::BackendCounters::bytes_in));
  }
  for (const std::size_t column : {k_agg_server_status, k_agg_server_check_status, k_agg_check_status})
    fields.number(column, 0U);
  const std::scoped_lock guard(state.lock);
  const proxy::BackendState::Live live = state.live_servers();
  std::uint32_t weight = 0;
  for (const balance::ServerSlot& slot : state.slots)
    if (slot.usable() && slot.backup == (live.active == 0)) weight += slot.shown_weight();
  fields.text(k_status, state.up ? "UP" : "DOWN");
  fields.number(k_weight, weight);
  fields.number(k_uweight, weight);
  fields.number(k_act, live.active);
  fields.number(k_bck, live.backup);
  fields.number(k_chkdown, state.down_transitions);
  const std::uint32_t since = seconds_since(state.last_change, context.now);
  fields.number(k_lastchg, since);
  const auto down = static_cast<std::uint32_t>(state.downtime.count() / 1000);
  fields.number(k_downtime, state.up ? down : down + since);
  fields.signed_number(k_lastsess, last_session_age(state.last_session, context.now));
  return fields;
}

Fields server_fields(const StatContext& context, const proxy::BackendPlan& backend, const proxy::ServerState& server) {
  Fields fields(stat_rows());
  identify(fields, *backend.config, server.name, server.id, 2);
  put_traffic(fields, server, server.counters);
  fields.number(k_rate, server.session_rate.value(context.now_ms()));
  fields.number(k_rate_max, server.session_rate.max());
  for (const std::size_t column : {k_srv_icur, k_idle_conn_cur, k_safe_conn_cur, k_srid, k_priv_idle_cur})
    fields.number(column, 0U);
  protocol_zeros(fields, k_ssl_failed_handshake);
  fields.number(k_used_conn_cur, server.sessions.value());
  fields.number(k_need_conn_est, server.sessions.value());
  if (speaks_http(*backend.config)) {
    put_answers(fields, server.counters);
    put_connections(fields, server.counters);
    fields.number(k_srv_icur, server.idle.value());
    fields.number(k_safe_conn_cur, server.idle.value());
    fields.number(k_need_conn_est, server.sessions.value() + server.idle.value());
  }
  const std::scoped_lock guard(backend.state->lock);
  const proxy::ServerConfig& config = *server.config;
  const check::Health& health = server.health;
  const std::uint32_t limit = server.runtime_maxconn.value_or(config.maxconn);
  if (limit != 0) fields.number(k_slim, limit);
  if (config.maxqueue != 0) fields.number(k_qlimit, config.maxqueue);
  const std::uint32_t weight = server.runtime_weight.value_or(config.weight);
  fields.text(k_status, server_status(server));
  const bool listed = server.index != balance::kNoServer;
  fields.number(k_weight, listed ? backend.state->slots[server.index].shown_weight() : weight);
  if (listed && server.warming_since) fields.number(k_throttle, std::uint32_t{backend.state->slots[server.index].warm});
  fields.number(k_uweight, weight);
  fields.number(k_act, config.backup ? 0U : 1U);
  fields.number(k_bck, config.backup ? 1U : 0U);
  const std::uint32_t since = seconds_since(server.last_change, context.now);
  fields.number(k_lastchg, since);
  fields.signed_number(k_lastsess, last_session_age(server.last_session, context.now));
  if (health.checked() && !server.checks_paused) {
    fields.number(k_chkfail, server.check_failures);
    fields.number(k_chkdown, server.check_downs);
    const bool down_now = !health.up() || health.in_maintenance();
    const auto down = static_cast<std::uint32_t>(server.downtime.count() / 1000);
    fields.number(k_downtime, down_now ? down + since : down);
    if (!health.in_maintenance()) put_check(fields, server, health);
    if (config.health.observe) fields.number(k_hanafail, server.observed_failures);
  }
  if (server.agent.enabled && !server.agent_paused) put_agent(fields, server);
  if (!config.health.track.empty()) fields.text(k_tracked, config.health.track);
  if (context.shows_addresses && server.address.family() != AddressFamily::none)
    fields.text(k_addr, server.address.to_string());
  return fields;
}

}  // namespace weir::admin
