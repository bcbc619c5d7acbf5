// The exchange: both flows are pumped on every event, FINs are passed on, the first error ends it.
//
// The server's first bytes are held while rules look at them. Half-close is kept: a FIN of one side is sent to the
// other once all bytes before it have left, and the session lives until both directions ended or a timeout strikes.
#include "proxy/http/phases.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

// The manual's L: the server has finished and the client dies while the last bytes travel.
char data_letter(const Session& session) {
  return session.response.ended && session.response.holds_bytes() ? 'L' : 'D';
}

// True when the session was closed.
bool failed(Session& session, FlowResult result, EndedBy source, EndedBy sink) {
  if (result == FlowResult::idle) return false;
  close_session(session, result == FlowResult::source_error ? source : sink, data_letter(session));
  return true;
}

// True when a FIN was passed on, which changes the deadlines.
bool pass_end_on(Flow& flow, Side& sink) {
  if (!flow.ended || flow.fin_sent || flow.holds_bytes()) return false;
  io::shutdown_write(sink.fd);
  flow.fin_sent = true;
  return true;
}

}  // namespace

void begin_exchange(Session& session) {
  if (session.is_http) return send_request(session);
  session.phase = Phase::relaying;
  session.plan.reset();
  store_request_sticking(session);
  if (session.variables) {
    session.variables->end(sample::VariableScope::req);
    session.variables->end(sample::VariableScope::res);  // what request rules set came too early
  }
  begin_judging(session);
  if (session.frontend->log.when_connected) write_log(session, LogOrigin::txn_connect);
  log_at(session, LogOrigin::txn_connect);
  if (session.extras && session.extras->bandwidth)
    bandwidth_spend(session, session.request, session.request.end - session.request.start);
  const TimePoint now = session.worker->io->now();
  session.client.last_read = session.client.last_write = now;
  session.server.last_read = session.server.last_write = now;
  arm_timer(session);
  exchange(session);
}

void exchange(Session& session) {
  const ProxySettings& settings = session.backend->config->settings;
  const bool splice = !session.frontend->config->settings.no_splice_request;
  if (failed(session, pump(session, session.request, session.client, session.server, splice), EndedBy::client,
             EndedBy::server))
    return;
  if (session.judging_response) {
    const Judgement judgement = judge_response(session);
    if (judgement == Judgement::closed) return;
    if (judgement == Judgement::waiting) {
      if (pass_end_on(session.request, session.server)) arm_timer(session);
      return;
    }
  }
  const bool splice_back = !settings.no_splice_response;
  if (failed(session, pump(session, session.response, session.server, session.client, splice_back), EndedBy::server,
             EndedBy::client))
    return;
  const bool request_over = pass_end_on(session.request, session.server);
  const bool response_over = pass_end_on(session.response, session.client);
  if (session.request.fin_sent && session.response.fin_sent) {
    close_session(session, EndedBy::nobody, '-');
    return;
  }
  if (request_over || response_over) arm_timer(session);
}

}  // namespace weir::proxy
