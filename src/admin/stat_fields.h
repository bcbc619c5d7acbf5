// The columns of `show stat`: which there are, and what a frontend, a backend and a server have in them.
//
// The order is the format: tools count columns. Columns of features weir has not (HTTP/2, caching, TLS)
// are absent where they mean nothing and 0 where monitoring expects a number. Manual: management 9.1.
#pragma once

#include "admin/field.h"
#include "admin/lookup.h"
#include "io/worker.h"

namespace weir::admin {

enum StatColumn : std::size_t {
  k_pxname,
  k_svname,
  k_qcur,
  k_qmax,
  k_scur,
  k_smax,
  k_slim,
  k_stot,
  k_bin,
  k_bout,
  k_dreq,
  k_dresp,
  k_ereq,
  k_econ,
  k_eresp,
  k_wretr,
  k_wredis,
  k_status,
  k_weight,
  k_act,
  k_bck,
  k_chkfail,
  k_chkdown,
  k_lastchg,
  k_downtime,
  k_qlimit,
  k_pid,
  k_iid,
  k_sid,
  k_throttle,
  k_lbtot,
  k_tracked,
  k_type,
  k_rate,
  k_rate_lim,
  k_rate_max,
  k_check_status,
  k_check_code,
  k_check_duration,
  k_hrsp_1xx,
  k_hrsp_2xx,
  k_hrsp_3xx,
  k_hrsp_4xx,
  k_hrsp_5xx,
  k_hrsp_other,
  k_hanafail,
  k_req_rate,
  k_req_rate_max,
  k_req_tot,
  k_cli_abrt,
  k_srv_abrt,
  k_comp_in,
  k_comp_out,
  k_comp_byp,
  k_comp_rsp,
  k_lastsess,
  k_last_chk,
  k_last_agt,
  k_qtime,
  k_ctime,
  k_rtime,
  k_ttime,
  k_agent_status,
  k_agent_code,
  k_agent_duration,
  k_check_desc,
  k_agent_desc,
  k_check_rise,
  k_check_fall,
  k_check_health,
  k_agent_rise,
  k_agent_fall,
  k_agent_health,
  k_addr,
  k_cookie,
  k_mode,
  k_algo,
  k_conn_rate,
  k_conn_rate_max,
  k_conn_tot,
  k_intercepted,
  k_dcon,
  k_dses,
  k_wrew,
  k_connect,
  k_reuse,
  k_cache_lookups,
  k_cache_hits,
  k_srv_icur,
  k_src_ilim,
  k_qtime_max,
  k_ctime_max,
  k_rtime_max,
  k_ttime_max,
  k_eint,
  k_idle_conn_cur,
  k_safe_conn_cur,
  k_used_conn_cur,
  k_need_conn_est,
  k_uweight,
  k_agg_server_status,
  k_agg_server_check_status,
  k_agg_check_status,
  k_srid,
  k_sess_other,
  k_h1_sess,
  k_h2_sess,
  k_h3_sess,
  k_req_other,
  k_h1req,
  k_h2req,
  k_h3req,
  k_proto,
  k_priv_idle_cur,
  k_reqbin,
  k_reqbout,
  k_resbin,
  k_resbout,
  k_cache_hint_hits,
  k_end_of_static,
  // What TLS, HTTP/2 and HTTP/1 count: 0 where no session does.
  k_ssl_sess,
  k_ssl_reused_sess,
  k_ssl_failed_handshake,
  k_h2_headers_rcvd,
  k_h1_open_connections = k_h2_headers_rcvd + 13,
  k_h1_open_streams,
  k_h1_total_connections,
  k_h1_total_streams,
  k_h1_bytes_in,
  k_h1_bytes_out,
  k_h1_spliced_bytes_out = k_h2_headers_rcvd + 20,
};

std::span<const FieldRow> stat_rows();

struct StatContext {
  const proxy::Plan* plan = nullptr;
  std::uint32_t process_maxconn = 0;
  TimePoint now{};
  bool shows_addresses = false;  // from level operator on

  [[nodiscard]] std::uint64_t now_ms() const {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count());
  }
};

Fields frontend_fields(const StatContext& context, const proxy::FrontendPlan& frontend);
Fields backend_fields(const StatContext& context, const proxy::BackendPlan& backend);
/// Takes the backend's lock.
Fields server_fields(const StatContext& context, const proxy::BackendPlan& backend, const proxy::ServerState& server);

}  // namespace weir::admin
