#include "proxy/http/fcgi.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "proxy/http/body.h"
#include "proxy/http/fcgi_app.h"
#include "proxy/http/phases.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using namespace proto::http;
using proto::fcgi::kRequest;
using proto::fcgi::ProtocolStatus;
using proto::fcgi::RecordReader;
using Piece = RecordReader::Piece;

constexpr std::size_t kMostErrorLine = 1024;

// What programs write is shown, not interpreted: a terminal that shows the log obeys nobody.
void log_error_line(FcgiStream& stream) {
  if (stream.error_line.empty()) return;
  const Session& session = *stream.session;
  std::ranges::replace_if(stream.error_line, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 127; }, '?');
  session.worker->emit(session.backend->fcgi_log, {.level = log::Level::err, .message = stream.error_line});
  stream.error_line.clear();
}

void take_error(FcgiStream& stream, std::string_view text) {
  if (stream.session->backend->fcgi_log.targets.empty()) return;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    while (stream.error_line.size() + line.size() > kMostErrorLine) {
      const std::size_t fits = kMostErrorLine - stream.error_line.size();
      stream.error_line.append(line.substr(0, fits));
      line.remove_prefix(fits);
      log_error_line(stream);
    }
    stream.error_line.append(line);
    if (end != std::string_view::npos) log_error_line(stream);
  }
}

void end_answer(FcgiStream& stream, const Piece& piece) {
  log_error_line(stream);
  stream.answer.over = true;
  stream.answer.status = piece.protocol;
}

// Moves output up behind what is there already. False: more of it than the head has told.
bool take_output(FcgiStream::Answer& answer, std::string_view data, char*& write) {
  if (answer.counted) {
    if (data.size() > answer.left) return false;
    answer.left -= data.size();
  }
  if (answer.dropped) return true;
  if (data.data() != write) std::memmove(write, data.data(), data.size());
  write += data.size();
  return true;
}

// False: it is broken.
bool take_piece(FcgiStream& stream, const Piece& piece, char*& write) {
  switch (piece.kind) {
    case Piece::Kind::out: return take_output(stream.answer, piece.data, write);
    case Piece::Kind::err: take_error(stream, piece.data); return true;
    case Piece::Kind::end:
      end_answer(stream, piece);
      // A body that is shorter than its head has told is none.
      return !stream.answer.counted || stream.answer.dropped || stream.answer.left == 0;
    case Piece::Kind::violation: return false;
    case Piece::Kind::values:  // nobody has asked, which harms nobody
    case Piece::Kind::unknown:
    case Piece::Kind::need_more: return true;
  }
  return true;
}

}  // namespace

const FcgiApp& app_of(const Session& session) { return *session.backend->config->settings.http.fcgi_app; }

bool decode_records(Flow& flow, BodyState& body) {
  FcgiStream& stream = *body.records;
  char* write = flow.buffer + flow.start + body.decoded;
  const char* read = write;
  const char* const end = flow.buffer + flow.end;
  bool good = true;
  for (bool more = true; more && good;) {
    const Piece piece = stream.answer.reader.next({read, static_cast<std::size_t>(end - read)});
    read += piece.consumed;
    more = piece.kind != Piece::Kind::need_more;
    if (stream.answer.over && more)
      stream.answer.extra = true;
    else
      good = take_piece(stream, piece, write);
  }
  const auto rest = static_cast<std::size_t>(end - read);
  if (read != write) std::memmove(write, read, rest);
  body.decoded = static_cast<std::uint32_t>(write - (flow.buffer + flow.start));
  flow.end = flow.start + body.decoded + static_cast<std::uint32_t>(rest);
  body.read_over = stream.answer.over;
  if (!good) {
    body.violation = Violation::bad_chunk;
    body.broken_from = flow.start + body.decoded;
    body.broken_at = 0;
  }
  return good;
}

bool has_whole_body(const BodyState& body) {
  const FcgiStream::Answer& answer = body.records->answer;
  return (answer.dropped || (answer.counted && answer.left == 0)) && !body.chunked_out;
}

bool ask_fcgi_values(Session& session) {
  FcgiStream& stream = *session.http->fcgi;
  if (stream.values.known || !app_of(session).get_values) return true;
  if (!stream.values.asked) {
    stream.values.asked = true;
    char bytes[64];
    proto::fcgi::RecordWriter out(bytes);
    out.get_values();
    // The first bytes of a connection: they fit, or it is broken.
    if (::send(session.server.fd, bytes, out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size())) {
      connect_failed(session, false);
      return false;
    }
  }
  Flow& flow = session.response;
  if (!fill(session, flow, session.server)) {
    connect_failed(session, false);
    return false;
  }
  RecordReader reader(kRequest);
  const std::string_view there(flow.buffer, flow.buffer == nullptr ? 0 : flow.end);
  Piece piece = reader.next(there);
  const bool told =
      piece.kind == Piece::Kind::unknown || (piece.kind == Piece::Kind::values && proto::fcgi::read_values(piece.data));
  if (told) {
    const std::string_view rest = there.substr(piece.consumed);
    piece = reader.next(rest);
    stream.values.known = piece.kind == Piece::Kind::need_more && piece.consumed == rest.size() &&
                          reader.between_records() && !flow.ended;
  }
  const bool waits = piece.kind == Piece::Kind::need_more && !flow.ended;
  if (stream.values.known || !waits) drop_held_bytes(session, flow);
  if (stream.values.known) return true;
  if (!waits) connect_failed(session, false);  // the stream may be gone with its request
  return false;
}

namespace {

// What the application is told before the body must be known. Manual, CONTENT_LENGTH.
bool length_is_known(Session& session) {
  const BodyState& body = session.http->request_body;
  if (body.framing.kind != BodyKind::chunked || body.read_over) return true;
  session.http->client_keep_alive = false;
  session.frontend->state->counters[session.worker->id()].failed_requests.add();
  answer(session, page_of(session, 400), EndedBy::proxy, 'H');
  return false;
}

void expect_answer(Session& session) {
  HttpExchange& exchange = *session.http;
  exchange.fcgi->answer = {.reader = RecordReader(kRequest)};
  exchange.fcgi->error_line.clear();
  BodyState& body = exchange.response_body;
  body.records = exchange.fcgi.get();
  body.decoded = 0;
  body.read_over = false;
  if (!body.filter) body.filter = std::make_unique<BodyFilter>();
}

}  // namespace

bool begin_fcgi(Session& session) {
  if (!length_is_known(session)) return false;
  HttpExchange& exchange = *session.http;
  BodyState& body = exchange.request_body;
  if (body.framing.expect_continue && !exchange.continue_sent) {
    exchange.continue_sent = true;
    if (!body.read_over && exchange.request_version != Version::http10) send_continue(session);
  }
  exchange.request.remove_all(FieldId::expect);
  body.chunked_out = false;
  if (body.framing.kind != BodyKind::none) {
    if (!body.filter) body.filter = std::make_unique<BodyFilter>();
    body.filter->records = true;
  }
  expect_answer(session);
  return true;
}

bool fcgi_server_stays(const Session& session) {
  const FcgiStream::Answer& answer = session.http->fcgi->answer;
  return app_of(session).keep_conn && answer.over && !answer.extra && answer.reader.between_records() &&
         answer.status == static_cast<std::uint8_t>(ProtocolStatus::request_complete);
}

void abort_fcgi(Session& session) {
  char bytes[proto::fcgi::kHeader];
  proto::fcgi::RecordWriter out(bytes);
  out.abort_request(kRequest);
  // Where it does not fit the application is behind, and hears of it when the connection ends.
  (void)::send(session.server.fd, bytes, out.size(), MSG_NOSIGNAL);
}

}  // namespace weir::proxy
