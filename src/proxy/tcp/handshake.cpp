// The header that a client's connection may begin with: PROXY (accept-proxy, expect-proxy) or NetScaler's client IP.
//
// It stands between the connection rules, which see the connection's own addresses, and everything else, which sees
// those of the header. It may come in any pieces; what follows it stays in the request flow. A connection whose header
// is wrong, or does not come within `timeout client-hs` (else `timeout client`), is no session: it is not counted as
// one and has a line of its own in the log, with its own address. What is accepted is the specification's, what is
// logged was observed on 2.6. Manual: 5.1 (accept-proxy, accept-netscaler-cip), 8.2.5.
#include <cstring>

#include "proto/netscaler_cip.h"
#include "proto/proxy_protocol.h"
#include "proxy/connection_error.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

namespace pp = proto::pp;

/// The numbers of fc_err that are about headers.
enum class HeaderError : ConnectionError {
  proxy_empty = 11,
  proxy_abort = 12,
  proxy_timeout = 13,
  proxy_truncated = 14,
  proxy_not_header = 15,
  proxy_bad_header = 16,
  proxy_bad_protocol = 17,
  netscaler_empty = 18,
  netscaler_abort = 19,
  netscaler_timeout = 20,
  netscaler_truncated = 21,
  netscaler_bad_magic = 22,
  netscaler_bad_protocol = 23,
};

std::string_view received(const Session& session) {
  const Flow& flow = session.request;
  return flow.buffer == nullptr ? std::string_view()
                                : std::string_view(flow.buffer + flow.start, flow.end - flow.start);
}

// What was read of the header leaves; the rest moves to the buffer's start, which has to hold what rules look at.
void consume(Session& session, std::size_t size) {
  Flow& flow = session.request;
  const std::size_t left = flow.end - flow.start - size;
  if (left == 0) return drop_held_bytes(session, flow);
  std::memmove(flow.buffer, flow.buffer + flow.start + size, left);
  flow.start = 0;
  flow.end = static_cast<std::uint32_t>(left);
}

void take_addresses(Session& session, const SocketAddress& source, const SocketAddress& destination) {
  SessionExtras& more = *session.extras;
  if (!more.own_client) {
    more.own_client = session.facts.client;
    more.own_local = local_address(session);
  }
  session.facts.client = source;
  session.facts.local = destination;
}

void fail(Session& session, HeaderError error, LogOrigin origin = LogOrigin::sess_error) {
  session.client.error = static_cast<ConnectionError>(error);
  session.facts.ended_by = EndedBy::proxy;
  session.facts.ended_in = 'R';
  log_handshake_failure(session, origin);
  close_session(session, EndedBy::proxy, 'R');
}

enum class Step : std::uint8_t { done, wait, failed };

Step need_more(Session& session, HeaderError empty, HeaderError truncated) {
  const Flow& flow = session.request;
  const bool full = flow.buffer != nullptr && flow.end == session.worker->io->buffers().buffer_size();
  if (!flow.ended && !full) return Step::wait;
  fail(session, flow.end == 0 ? empty : truncated);
  return Step::failed;
}

HeaderError error_of(pp::Violation violation) {
  switch (violation) {
    case pp::Violation::not_header: return HeaderError::proxy_not_header;
    case pp::Violation::bad_protocol: return HeaderError::proxy_bad_protocol;
    case pp::Violation::too_long: return HeaderError::proxy_truncated;
    case pp::Violation::none:
    case pp::Violation::bad_header: break;
  }
  return HeaderError::proxy_bad_header;
}

Step read_proxy_header(Session& session) {
  SessionExtras& more = *session.extras;
  const pp::Parse parsed = pp::parse(received(session), session.worker->io->buffers().buffer_size());
  if (parsed.outcome == pp::Outcome::need_more)
    return need_more(session, HeaderError::proxy_empty, HeaderError::proxy_truncated);
  if (parsed.outcome == pp::Outcome::violation) {
    fail(session, error_of(parsed.violation));
    return Step::failed;
  }
  more.expects_proxy = false;
  more.has_proxy_header = true;
  more.tlvs = parsed.header.tlvs;
  if (parsed.header.addresses) take_addresses(session, parsed.header.source, parsed.header.destination);
  consume(session, parsed.header.size);
  return Step::done;
}

Step read_netscaler_header(Session& session) {
  SessionExtras& more = *session.extras;
  const proto::CipParse parsed =
      proto::parse_netscaler_cip(received(session), *more.netscaler_magic, session.worker->io->buffers().buffer_size());
  switch (parsed.outcome) {
    case proto::CipOutcome::need_more:
      return need_more(session, HeaderError::netscaler_empty, HeaderError::netscaler_truncated);
    case proto::CipOutcome::bad_magic: fail(session, HeaderError::netscaler_bad_magic); return Step::failed;
    case proto::CipOutcome::bad_protocol: fail(session, HeaderError::netscaler_bad_protocol); return Step::failed;
    case proto::CipOutcome::too_long: fail(session, HeaderError::netscaler_truncated); return Step::failed;
    case proto::CipOutcome::complete: break;
  }
  more.netscaler_magic.reset();
  take_addresses(session, parsed.source, parsed.destination);
  consume(session, parsed.size);
  return Step::done;
}

}  // namespace

void begin_handshake(Session& session) {
  session.phase = Phase::handshake;
  session.logged = true;  // it has no line as a session before it is one
  const Timeouts& timeouts = session.frontend->config->settings.timeouts;
  const Timeout limit = timeouts.client_hs ? timeouts.client_hs : timeouts.client;
  session.phase_deadline = limit ? session.facts.accepted + *limit : TimePoint::max();
  arm_timer(session);
}

void read_handshake(Session& session) {
  SessionExtras& more = *session.extras;
  if (!fill(session, session.request, session.client))
    return fail(session, more.expects_proxy ? HeaderError::proxy_abort : HeaderError::netscaler_abort);
  if (more.expects_proxy && read_proxy_header(session) != Step::done) return;
  if (more.netscaler_magic && read_netscaler_header(session) != Step::done) return;
  more.handshake_finished = session.worker->io->now();
  session.phase_deadline = TimePoint::max();
  session.logged = false;
  begin_session(session);
}

void handshake_timer(Session& session) {
  if (session.worker->io->now() < session.phase_deadline) return arm_timer(session);
  fail(session, session.extras->expects_proxy ? HeaderError::proxy_timeout : HeaderError::netscaler_timeout,
       LogOrigin::sess_killed);
}

}  // namespace weir::proxy
