#include "proxy/http/broken.h"

#include <algorithm>

#include "proxy/broken_message.h"
#include "proxy/http/exchange.h"
#include "proxy/process_state.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;

std::shared_ptr<BrokenMessage> report(Session& session, std::string_view message, std::size_t at, Violation why) {
  WorkerContext& worker = *session.worker;
  const std::size_t room = worker.io->buffers().buffer_size();
  auto broken = std::make_shared<BrokenMessage>();
  broken->number = worker.process->broken_messages.fetch_add(1, std::memory_order_relaxed);
  broken->when = worker.io->wall_now();
  broken->frontend = {session.frontend->config->name, session.frontend->config->id};
  broken->client = session.facts.client;
  broken->bytes = message.substr(0, room);
  broken->at = std::min(at, broken->bytes.size());
  broken->buffer = room;
  broken->why = violation_text(why);
  return broken;
}

std::string_view stopped_at(const Flow& flow, const BodyState& body) {
  if (flow.buffer == nullptr || body.broken_from > flow.end) return {};
  return {flow.buffer + body.broken_from, flow.end - body.broken_from};
}

}  // namespace

void keep_broken_request(Session& session, std::string_view message, std::size_t at, Violation why) {
  auto broken = report(session, message, at, why);
  if (session.counted_in_backend) broken->backend = {session.backend->config->name, session.backend->config->id};
  session.frontend->state->broken.keep(std::move(broken));
}

void keep_broken_response(Session& session, std::string_view message, std::size_t at, Violation why) {
  auto broken = report(session, message, at, why);
  broken->response = true;
  broken->backend = {session.backend->config->name, session.backend->config->id};
  if (session.target) broken->server = {session.target->name, session.target->id};
  session.backend->state->broken.keep(std::move(broken));
}

void keep_broken_request_body(Session& session) {
  const BodyState& body = session.http->request_body;
  if (body.violation == Violation::none) return;  // what broke was its connection
  keep_broken_request(session, stopped_at(session.request, body), body.broken_at, body.violation);
}

void keep_broken_response_body(Session& session) {
  const BodyState& body = session.http->response_body;
  if (body.violation == Violation::none) return;
  keep_broken_response(session, stopped_at(session.response, body), body.broken_at, body.violation);
}

std::size_t place_of_framing(const Head& head, std::string_view message) {
  const char* place = message.data() + message.size();
  for (const Field& field : head.fields())
    if (field.id == FieldId::content_length || field.id == FieldId::transfer_encoding || field.id == FieldId::upgrade)
      place = field.value.data();
  return static_cast<std::size_t>(place - message.data());
}

}  // namespace weir::proxy
