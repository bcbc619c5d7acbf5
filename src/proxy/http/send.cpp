// The request on its way: the head's last fields, then all of it to the server.
//
// The head leaves together with what the buffer holds of the body. A request that is whole in its buffer stays there
// until the answer begins, so that it can be sent again when a connection turns out dead. Manual: option forwardfor,
// originalto, unique-id-header, http-send-name-header, http-server-close, httpclose, http-pretend-keepalive.
#include <sys/socket.h>

#include "proxy/http/body.h"
#include "proxy/http/compression.h"
#include "proxy/http/forwarded.h"
#include "proxy/http/phases.h"
#include "proxy/http/wire.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

bool excepts(const AddressField& option, const SocketAddress& address) {
  return option.enabled && option.except && option.except->contains(address);
}

// The frontend's option and the backend's are one: either switches it on or excepts an address, the backend's name goes
// before the frontend's, and who does not say "if-none" wants it in any case.
void tell_address(HttpExchange& exchange, const AddressField& front, const AddressField& back, std::string_view usual,
                  const SocketAddress& address) {
  if (!address.is_inet() || excepts(front, address) || excepts(back, address)) return;
  std::string_view name = usual;
  for (const AddressField* option : {&front, &back})
    if (option->enabled && !option->name.empty()) name = option->name;
  const bool if_none = (!front.enabled || front.if_none) && (!back.enabled || back.if_none);
  if (if_none && exchange.request.find(FieldName(name)) != nullptr) return;
  if (const auto text = exchange.texts.copy(address.host())) exchange.request.add(name, *text);
}

void tell_addresses(Session& session) {
  const HttpSettings& front = session.frontend->config->settings.http;
  const HttpSettings& back = session.backend->config->settings.http;
  HttpExchange& exchange = *session.http;
  if (front.forward_for.enabled || back.forward_for.enabled)
    tell_address(exchange, front.forward_for, back.forward_for, "x-forwarded-for", session.facts.client);
  if (!front.original_to.enabled && !back.original_to.enabled) return;
  tell_address(exchange, front.original_to, back.original_to, "x-original-to", local_address(session));
}

std::string_view connection_line(const Session& session) {
  const HttpExchange& exchange = *session.http;
  if (exchange.request_body.framing.upgrade || exchange.request.method == Method::connect) return {};
  const bool old = exchange.request.version == Version::http10;
  const bool closes = exchange.server_closes || !servers_are_kept(session);
  const bool pretend = session.backend->config->settings.http.pretend_keepalive ||
                       session.frontend->config->settings.http.pretend_keepalive;
  if (closes && !pretend) return old ? std::string_view() : connection_field(exchange, false);
  return old ? connection_field(exchange, true) : std::string_view();
}

bool whole_in_buffer(const Session& session, const BodyState& body) {
  switch (body.framing.kind) {
    case BodyKind::none: return true;
    case BodyKind::length: return session.request.end - session.request.start >= body.reader.known_rest();
    default: return body.read_over;
  }
}

// The attempt before was a FastCGI application's.
void leave_fcgi(HttpExchange& exchange) {
  exchange.response_body.records = nullptr;
  if (exchange.request_body.filter) exchange.request_body.filter->records = false;
}

}  // namespace

void finish_request_head(Session& session) {
  HttpExchange& exchange = *session.http;
  exchange.server_closes = asks_for_close(exchange.request);  // the client's own word is gone by now
  if (!strip_connection_options(exchange.request, exchange.texts)) {
    exchange.request.remove_all(FieldId::connection);
  }
  if (exchange.proxied) exchange.request.remove_all(FieldId::proxy_connection);
  const HttpSettings& front = session.frontend->config->settings.http;
  if (!front.unique_id_header.empty()) {
    const FieldName name(front.unique_id_header);
    if (const auto text = exchange.texts.copy(unique_id_of(session))) exchange.request.add(name.name, name.id, *text);
  }
  tell_addresses(session);
  tell_forwarded(session);
}

void send_continue(Session& session) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // Twenty-five bytes on a connection that nothing else was sent on in this exchange: they fit, or it is broken.
  (void)::send(session.client.fd, kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
}

void send_request(Session& session) {
  HttpExchange& exchange = *session.http;
  session.phase = Phase::relaying;
  session.phase_deadline = TimePoint::max();
  log_at(session, LogOrigin::txn_connect);
  const std::uint16_t worker = session.worker->id();
  session.target->counters[worker].requests.add();
  Counter ServerCounters::* const how = exchange.reused ? &ServerCounters::reuses : &ServerCounters::connects;
  (session.target->counters[worker].*how).add();
  Counter BackendCounters::* const how_all = exchange.reused ? &BackendCounters::reuses : &BackendCounters::connects;
  (session.backend->state->counters[worker].*how_all).add();
  const std::string& name_header = session.backend->config->settings.http.send_name_header;
  if (!name_header.empty()) {
    const FieldName name(name_header);
    exchange.request.remove_all(name);
    exchange.request.add(name.name, name.id, session.target->name);
  }
  store_request_sticking(session);
  if ((session.frontend->config->settings.http.compression || session.backend->config->settings.http.compression) &&
      !compress_request(session))
    return answer(session, page_of(session, 500), EndedBy::internal, 'R');
  BodyState& body = exchange.request_body;
  const bool fcgi = session.target_config->fcgi;
  if (fcgi) {
    if (!begin_fcgi(session)) return;
  } else {
    if (exchange.fcgi) leave_fcgi(exchange);
    body.chunked_out = body.framing.kind == BodyKind::chunked;
    settle_framing_fields(exchange.request, body, exchange.texts);
  }
  exchange.request_in_buffer = whole_in_buffer(session, body);
  body.keep_buffer = exchange.request_in_buffer;
  exchange.body_start = session.request.start;
  exchange.body_decoded = body.decoded;
  exchange.body_reader = body.reader;
  exchange.body_read_over = body.read_over;
  const TimePoint now = session.worker->io->now();
  session.server.last_read = session.server.last_write = now;
  session.client.last_read = session.client.last_write = now;
  session.request.blocked = false;
  const std::string_view head =
      fcgi ? write_fcgi_head(session) : write_http1_head(session, exchange.request, connection_line(session));
  if (head.empty())
    return answer(session, page_of(session, 500), fcgi ? EndedBy::internal : EndedBy::proxy, fcgi ? 'H' : 'R');
  arm_timer(session);
  exchange_http(session, head);
}

}  // namespace weir::proxy
