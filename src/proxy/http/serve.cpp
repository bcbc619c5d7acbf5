// An answer from inside on its way: its head like any of ours, then its body piece by piece.
//
// A piece is made when the one before has left, so a slow client costs one piece and a long answer never holds the
// worker: after each piece the connection goes to the end of the worker's ready list. HTTP/1.1 gets one chunk a piece,
// HTTP/1.0 the end of the connection. Its client has `timeout client` for each piece.
#include <fmt/format.h>

#include <iterator>

#include "proxy/http/body.h"
#include "proxy/http/pages.h"
#include "proxy/http/phases.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The texts of a service live no longer than its answer: the head wants them in the exchange.
bool fill_served_head(HttpExchange& exchange, const ServiceAnswer& made) {
  Head& head = exchange.response;
  head.clear();
  head.is_request = false;
  head.version = Version::http11;
  head.status = made.status;
  head.reason = reason_of(made.status);
  for (const auto& [name, value] : made.fields) {
    const auto kept_name = exchange.texts.copy(name);
    const auto kept_value = exchange.texts.copy(value);
    if (!kept_name || !kept_value || !head.add(*kept_name, *kept_value)) return false;
  }
  return made.body != nullptr || head.add("content-length", FieldId::content_length, "0");
}

// Until its last piece is made, what ends an answer is whoever ends it: a client that leaves, or does not read.
void mark_served(Session& session) {
  if (session.facts.ended_by != EndedBy::nobody) return;
  session.facts.ended_by = EndedBy::local;
  session.facts.ended_in = 'R';
}

void append_piece(BodyState& body, std::string_view piece) {
  if (piece.empty()) return;
  if (!body.chunked_out) {
    body.unsent.append(piece);
    return;
  }
  fmt::format_to(std::back_inserter(body.unsent), "{:x}\r\n", piece.size());
  body.unsent.append(piece).append("\r\n");
}

}  // namespace

void serve_from_inside(Session& session, ServiceAnswer made) {
  HttpExchange& exchange = *session.http;
  begin_own_answer(session, EndedBy::nobody, '-');
  if (!fill_served_head(exchange, made)) return answer(session, page_of(session, 500), EndedBy::internal, 'R');
  own_head_made(session);
  session.facts.response_began = session.worker->io->now();
  exchange.status = exchange.response.status;
  const bool asked_for_head = exchange.request_method == Method::head;
  BodyKind kind = made.body == nullptr ? BodyKind::length : BodyKind::chunked;
  if (asked_for_head) kind = BodyKind::none;
  if (!asked_for_head) exchange.served = std::move(made.body);
  if (exchange.served == nullptr) mark_served(session);
  send_own_answer(session, {}, {.kind = kind});
}

Moved move_served(Session& session) {
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.response_body;
  if (const Moved moved = flush_unsent(session, session.response, body, session.client); moved != Moved::idle)
    return moved;
  if (!body.unsent.empty() || session.response.blocked) {
    arm_timer(session);
    return Moved::idle;
  }
  std::string piece;
  const bool more = exchange.served->more(piece);
  append_piece(body, piece);
  if (!more) {
    if (body.chunked_out) body.unsent.append("0\r\n\r\n");
    body.read_over = true;
    exchange.served.reset();
    mark_served(session);
    return move_body(session, session.response, body, session.server, session.client, {}, false);
  }
  if (flush_unsent(session, session.response, body, session.client) == Moved::sink_error) return Moved::sink_error;
  if (!session.response.blocked) session.worker->io->reactor().make_ready(session.client.token, EPOLLOUT);
  arm_timer(session);
  return Moved::idle;
}

}  // namespace weir::proxy
