// Answers of our own: error pages, redirects, `return`, and the end of a session whose client has heard nothing.
//
// An answer is made as a head like a server's, passes the http-after-response rules, and leaves in one write. A request
// whose body has not all come by then costs the client its connection. Manual: errorfile, http-error, http-request
// return, deny; 8.5.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "proxy/http/body.h"
#include "proxy/http/line_text.h"
#include "proxy/http/pages.h"
#include "proxy/http/phases.h"
#include "proxy/http/wire.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

// The head in the exchange; what its body is.
std::string_view fill_head(Session& session, const Reply& reply) {
  HttpExchange& exchange = *session.http;
  Head& head = exchange.response;
  ContextParts parts;
  sample::Context context = make_context(session, parts, true);
  head.clear();
  head.is_request = false;
  head.version = Version::http11;
  head.status = reply.status;
  head.reason = reply.reason.empty() ? reason_of(reply.status) : std::string_view(reply.reason);
  std::string_view body;
  if (reply.body == Reply::Body::text) body = reply.text;
  if (reply.body == Reply::Body::format) body = body_text(session, *reply.format, context).value_or("");
  for (const auto& [name, value] : reply.fields) head.add(name, value);
  for (const ReplyField& field : reply.added)
    head.add(field.name, line_text(session, *field.value, context).value_or(""));
  for (const auto& [name, value] : exchange.answer.fields) head.add(name, value);
  if (head.find(FieldId::content_length) == nullptr && reply.status != 204 && reply.status != 304) {
    char digits[20];
    const auto end = fmt::format_to_n(digits, sizeof digits, "{}", body.size());
    if (const auto text = exchange.texts.copy({digits, end.size}))
      head.add("content-length", FieldId::content_length, *text);
  }
  if (!reply.content_type.empty()) head.add("content-type", FieldId::content_type, reply.content_type);
  session.worker->arena.reset();
  return body;
}

// Whether the client's connection may bring another request after this.
bool client_stays(Session& session) {
  HttpExchange& exchange = *session.http;
  if (exchange.bad_request || !exchange.client_keep_alive) return false;
  return exchange.request_body.over || discard_body(session.request, exchange.request_body);
}

void append_body(std::string& to, std::string_view body, bool chunked) {
  if (!chunked) {
    to.append(body);
    return;
  }
  if (!body.empty()) fmt::format_to(std::back_inserter(to), "{:x}\r\n{}\r\n", body.size(), body);
  to.append("0\r\n\r\n");
}

void give_server_up(Session& session) {
  if (session.backend && session.server.fd >= 0) close_server_side(session, true);
  drop_held_bytes(session, session.response);
}

void leave_queue(Session& session) {
  if (session.phase != Phase::queued) return;
  session.facts.queue_left = session.worker->io->now();
  session.backend->state->leave_line(session.waiter);
}

void end_silently(Session& session, EndedBy by, char in) {
  session.http->response_sent = true;
  close_session(session, by, in);
}

}  // namespace

const Reply& with_page(Session& session, const Reply& asked) {
  const Reply* page = &page_of(session, asked.status);
  if (asked.pages)
    if (const auto found = asked.pages->find(asked.status); found != asked.pages->end()) page = found->second.get();
  auto made = std::make_shared<Reply>(*page);
  made->added = asked.added;
  session.http->answer.kept = std::move(made);
  return *session.http->answer.kept;
}

const Reply& page_of(const Session& session, std::uint16_t status) {
  for (const ProxyConfig* config :
       {session.backend ? session.backend->config.get() : nullptr, session.frontend->config.get()}) {
    if (config == nullptr) continue;
    const auto& pages = config->settings.http.pages;
    if (const auto found = pages.find(status); found != pages.end()) return *found->second;
    const auto& sections = config->settings.http.section_pages;
    for (auto taken = sections.rbegin(); taken != sections.rend(); ++taken) {
      const bool meant = taken->only.empty() || std::ranges::find(taken->only, status) != taken->only.end();
      if (meant)
        if (const auto found = taken->pages->find(status); found != taken->pages->end()) return *found->second;
      if (const auto found = taken->older.find(status); found != taken->older.end()) return *found->second;
    }
  }
  return built_in_page(status);
}

namespace {

// A client that speaks HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
void frame_for_old_client(HttpExchange& exchange, BodyState& body) {
  if (!body.chunked_out || exchange.request_version != Version::http10) return;
  exchange.response.remove_all(FieldId::transfer_encoding);
  exchange.client_keep_alive = body.chunked_out = false;
}

}  // namespace

void begin_own_answer(Session& session, EndedBy by, char in) {
  SessionFacts& facts = session.facts;
  if (facts.ended_by == EndedBy::nobody && by != EndedBy::nobody) {
    facts.ended_by = by;
    facts.ended_in = in;
  }
  // What did not travel on was received all the same.
  if (session.request.total == 0) session.request.total = session.http->head_size;
  leave_queue(session);
  give_server_up(session);
  release_target(session);
  session.http->client_keep_alive = client_stays(session);
}

void own_head_made(Session& session) {
  session.http->local = true;
  session.http->response_begun = true;
  session.http->coding.reset();
  session.facts.response_began = TimePoint{};  // the server's answer, if there was one, is not what the client gets
  run_after_response(session);
}

void send_own_answer(Session& session, std::string_view content, Framing framing) {
  HttpExchange& exchange = *session.http;
  exchange.response_sent = true;
  if (asks_for_close(exchange.response)) exchange.client_keep_alive = false;
  if (!strip_connection_options(exchange.response, exchange.texts)) exchange.response.remove_all(FieldId::connection);
  const bool bodiless = exchange.response.status == 204 || exchange.response.status == 304;
  if (bodiless) exchange.served.reset();
  BodyState& body = exchange.response_body;
  body.clear();
  if (!bodiless) {
    body.framing = framing;
    body.chunked_out = framing.kind == BodyKind::chunked;
    settle_framing_fields(exchange.response, body, exchange.texts);
    frame_for_old_client(exchange, body);
  }
  const bool chunked = body.chunked_out;
  const bool old_client = !exchange.bad_request && exchange.request_version == Version::http10;
  const std::string_view last_line = !exchange.client_keep_alive ? connection_field(exchange, false)
                                     : old_client                ? connection_field(exchange, true)
                                                                 : "";
  const std::string_view head = write_http1_head(session, exchange.response, last_line);
  body.clear();
  body.chunked_out = chunked;
  body.read_over = exchange.served == nullptr;
  body.unsent.assign(head);
  const bool whole = body.read_over && exchange.request_method != Method::head && !bodiless;
  if (whole) append_body(body.unsent, content, chunked);
  exchange.request_body.over = true;  // nobody takes it any more
  session.phase = Phase::relaying;
  session.response.blocked = false;
  exchange_http(session);
}

void answer(Session& session, const Reply& asked, EndedBy by, char in) {
  HttpExchange& exchange = *session.http;
  const Reply& reply = asked.body == Reply::Body::page ? with_page(session, asked) : asked;
  const std::uint16_t logged = reply.stands_for != 0 ? reply.stands_for : asked.status;
  if (reply.body == Reply::Body::silent) {
    exchange.status = logged;
    return end_silently(session, by, in);
  }
  if (reply.closes) exchange.client_keep_alive = false;
  begin_own_answer(session, by, in);
  const std::string_view content = fill_head(session, reply);
  own_head_made(session);
  // A page may say something else than what it stands for, as a redirection does.
  exchange.status = exchange.response.status == reply.status ? logged : exchange.response.status;
  send_own_answer(session, content, {.kind = BodyKind::length, .length = content.size()});
}

namespace {

struct EndPage {
  EndedBy by;
  char in;  // 0: whatever
  std::uint16_t status;
};

// Manual 8.5: what the client is told when it is not the one who ended it.
constexpr EndPage kEndPages[] = {
    {EndedBy::client_timeout, 'R', 408},
    {EndedBy::client_timeout, 'D', 408},
    {EndedBy::client_timeout, 'Q', 503},
    {EndedBy::client_timeout, 'C', 503},
    {EndedBy::client_timeout, 'H', 408},
    {EndedBy::server_timeout, 'H', 504},
    {EndedBy::server_timeout, 'D', 504},
    {EndedBy::server_timeout, 0, 503},
    {EndedBy::server, 'H', 502},
    {EndedBy::server, 'D', 502},
    {EndedBy::server, 0, 503},
    {EndedBy::proxy, 'H', 502},
    {EndedBy::proxy, 0, 403},
    {EndedBy::resource, 0, 503},
    {EndedBy::internal, 0, 500},
    {EndedBy::admin, 0, 503},
    {EndedBy::server_down, 0, 503},
    {EndedBy::backup_no_more, 0, 503},
};

std::uint16_t status_of_end(EndedBy by, char in) {
  for (const EndPage& row : kEndPages)
    if (row.by == by && (row.in == 0 || row.in == in)) return row.status;
  return 0;
}

}  // namespace

bool answer_instead_of_closing(Session& session, EndedBy by, char in) {
  HttpExchange* exchange = session.http;
  if (session.worker->ending || exchange == nullptr || exchange->response_sent || session.client.error != 0)
    return false;
  if (session.phase == Phase::free || session.phase == Phase::requesting) return false;
  const std::uint16_t status = status_of_end(by, in);
  if (status == 0) return false;
  // Who ends a session means the connection.
  if (by == EndedBy::admin) exchange->client_keep_alive = false;
  answer(session, page_of(session, status), by, in);
  return true;
}

void refuse_request(Session& session, Violation violation) {
  HttpExchange& exchange = *session.http;
  const std::uint16_t status = status_of(violation);
  // A head that is no head has no words for the log.
  if (session.facts.request_complete == TimePoint{}) exchange.bad_request = true;
  exchange.client_keep_alive = false;
  session.frontend->state->counters[session.worker->id()].failed_requests.add();
  answer(session, page_of(session, status), EndedBy::proxy, 'R');
}

}  // namespace weir::proxy
