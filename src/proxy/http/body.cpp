#include "proxy/http/body.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/splice.h"
#include "proto/http/text.h"
#include "proxy/http/burst.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using proto::http::BodyKind;
using Piece = proto::http1::BodyReader::Piece;

constexpr std::size_t kSpliceFrom = 16'384;  // below, two copies cost less than two more system calls

}  // namespace

void note_sent(Session& session, Flow& flow, Side& sink, std::size_t bytes) {
  if (bytes == 0) return;
  flow.total += bytes;
  sink.last_write = session.worker->io->now();
}

Sent sink_failed(Side& sink) {
  sink.error = connection_error_of(errno);
  return Sent::error;
}

Sent send_unsent(Session& session, Flow& flow, BodyState& body, Side& sink) {
  Burst burst;
  burst.add(body.unsent);
  const std::size_t size = burst.size();
  const ssize_t sent = burst.send(sink.fd);
  if (sent < 0) return sink_failed(sink);
  note_sent(session, flow, sink, static_cast<std::size_t>(sent));
  if (static_cast<std::size_t>(sent) == size) {
    body.unsent.clear();
    if (body.unsent.capacity() > 4096) body.unsent.shrink_to_fit();
    return Sent::all;
  }
  body.unsent.erase(0, static_cast<std::size_t>(sent));
  block(session, flow, sink);
  return Sent::blocked;
}

namespace {

// As in a head: names in small letters, one space before the value. The section was found good: lines, none folded.
void append_trailers(std::string_view section, std::string& to) {
  while (!section.empty()) {
    const std::size_t end = std::min(section.find("\r\n"), section.size());
    const std::string_view line = section.substr(0, end);
    section.remove_prefix(std::min(end + 2, section.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    for (const char c : line.substr(0, colon)) to += proto::http::lower(c);
    to += ": ";
    to += proto::http::trimmed(line.substr(std::min(colon + 1, line.size())));
    to += "\r\n";
  }
}

}  // namespace

bool decode(Flow& flow, BodyState& body) {
  if (body.records != nullptr) return decode_records(flow, body);
  char* write = flow.buffer + flow.start + body.decoded;
  const char* read = write;
  const char* const end = flow.buffer + flow.end;
  while (!body.read_over) {
    const Piece piece = body.reader.next({read, static_cast<std::size_t>(end - read)});
    read += piece.consumed;
    switch (piece.kind) {
      case Piece::Kind::data:
        if (piece.data.data() != write) std::memmove(write, piece.data.data(), piece.data.size());
        write += piece.data.size();
        break;
      case Piece::Kind::trailers: append_trailers(piece.data, body.trailers); break;
      case Piece::Kind::end: body.read_over = true; break;
      case Piece::Kind::violation:
        body.violation = piece.violation;
        body.broken_at = static_cast<std::uint32_t>(piece.consumed);
        body.broken_from = static_cast<std::uint32_t>(read - flow.buffer) - body.broken_at;
        return false;
      case Piece::Kind::need_more:
        body.decoded = static_cast<std::uint32_t>(write - (flow.buffer + flow.start));
        flow.end = flow.start + body.decoded;
        if (read != end) {  // the codec keeps a piece that is not whole yet (trailers)
          std::memmove(write, read, static_cast<std::size_t>(end - read));
          flow.end += static_cast<std::uint32_t>(end - read);
        }
        return true;
    }
  }
  // What follows belongs to the next message: it moves up behind the data.
  body.decoded = static_cast<std::uint32_t>(write - (flow.buffer + flow.start));
  const auto rest = static_cast<std::size_t>(end - read);
  if (read != write) std::memmove(write, read, rest);
  flow.end = flow.start + body.decoded + static_cast<std::uint32_t>(rest);
  return true;
}

std::size_t ready_bytes(const Flow& flow, const BodyState& body) {
  const std::size_t held = flow.end - flow.start;
  if (body.records != nullptr) return body.decoded;
  switch (body.framing.kind) {
    case BodyKind::none: return 0;
    case BodyKind::length: return static_cast<std::size_t>(std::min<std::uint64_t>(held, body.reader.known_rest()));
    case BodyKind::chunked: return body.decoded;
    case BodyKind::until_close:
    case BodyKind::tunnel: return held;
  }
  return 0;
}

void consume(Flow& flow, BodyState& body, std::size_t bytes) {
  flow.start += static_cast<std::uint32_t>(bytes);
  if (body.is_framed()) {
    body.decoded -= static_cast<std::uint32_t>(bytes);
  } else if (body.framing.kind == BodyKind::length && bytes != 0) {
    body.reader.skip(bytes);
    body.read_over = body.reader.over();
  }
}

void release_if_empty(Session& session, Flow& flow, const BodyState& body) {
  if (flow.pipe != nullptr && flow.pipe->held == 0) {
    session.worker->io->pipes().give(flow.pipe);
    flow.pipe = nullptr;
  }
  if (flow.buffer == nullptr || flow.start != flow.end || body.keep_buffer) return;
  session.worker->io->buffers().give(flow.buffer);
  flow.buffer = nullptr;
  flow.start = flow.end = 0;
}

void make_room(Session& session, Flow& flow) {
  if (flow.start == 0) return;
  const std::uint32_t held = flow.end - flow.start;
  if (held != 0 && flow.end != session.worker->io->buffers().buffer_size()) return;
  if (held != 0) std::memmove(flow.buffer, flow.buffer + flow.start, held);
  flow.start = 0;
  flow.end = held;
}

Moved trailers_too_long(const Flow& flow, BodyState& body) {
  body.violation = proto::http::Violation::bad_trailer;
  body.broken_from = flow.start;
  body.broken_at = 0;
  return Moved::bad;
}

bool ends_with_source(const BodyState& body) {
  if (body.records != nullptr) return has_whole_body(body);
  return body.framing.kind == BodyKind::until_close || body.framing.kind == BodyKind::tunnel;
}

namespace {

// Sends the burst; of what does not leave, body bytes stay in the flow's buffer and the rest is kept aside.
Sent finish_burst(Session& session, Flow& flow, BodyState& body, Side& sink, Burst& burst, std::size_t before_data,
                  std::size_t data) {
  if (burst.size() == 0) return Sent::all;
  const ssize_t result = burst.send(sink.fd);
  if (result < 0) return sink_failed(sink);
  const auto sent = static_cast<std::size_t>(result);
  note_sent(session, flow, sink, sent);
  if (sent == burst.size()) {
    consume(flow, body, data);
    return Sent::all;
  }
  block(session, flow, sink);
  if (!body.chunked_out && sent >= before_data) {  // the rest is in the buffer already
    consume(flow, body, sent - before_data);
    return Sent::blocked;
  }
  burst.append_rest(sent, body.unsent);
  consume(flow, body, data);
  return Sent::blocked;
}

// A little body behind its head in one piece: a copy costs less than a second piece does the kernel. 0: not this one.
std::size_t copied_behind(Session& session, const Flow& flow, const BodyState& body, std::string_view head,
                          std::size_t data) {
  constexpr std::size_t kLittle = 2048;
  const std::span<char> scratch = session.worker->io->scratch();
  if (data == 0 || data > kLittle || body.chunked_out || head.data() != scratch.data()) return 0;
  if (head.size() + data > scratch.size()) return 0;
  std::memcpy(scratch.data() + head.size(), flow.buffer + flow.start, data);
  return head.size() + data;
}

// One write: the head, if it has not left, and all body bytes of the buffer.
Sent send_buffered(Session& session, Flow& flow, BodyState& body, Side& sink, std::string_view head, bool last) {
  const std::size_t data = ready_bytes(flow, body);
  char size_line[18];
  Burst burst;
  if (const std::size_t size = copied_behind(session, flow, body, head, data); size != 0) {
    burst.add({head.data(), size});
    return finish_burst(session, flow, body, sink, burst, head.size(), data);
  }
  burst.add(head);
  if (body.chunked_out && data != 0)
    burst.add({size_line, proto::http1::write_chunk_size(data, std::span<char>(size_line))});
  const std::size_t before_data = burst.size();
  if (data != 0) burst.add({flow.buffer + flow.start, data});
  if (body.chunked_out) {
    if (data != 0) burst.add("\r\n");
    if (last) {
      burst.add("0\r\n");
      burst.add(body.trailers);
      burst.add("\r\n");
    }
  }
  return finish_burst(session, flow, body, sink, burst, before_data, data);
}

Moved end_of(Sent sent) { return sent == Sent::error ? Moved::sink_error : Moved::idle; }

Sent flush_pipe(Session& session, Flow& flow, Side& sink) {
  while (flow.pipe != nullptr && flow.pipe->held != 0) {
    const ssize_t sent = io::splice_out(*flow.pipe, sink.fd);
    if (sent == -EINTR) continue;
    if (sent == -EAGAIN) {
      block(session, flow, sink);
      return Sent::blocked;
    }
    if (sent < 0) {
      errno = static_cast<int>(-sent);
      return sink_failed(sink);
    }
    note_sent(session, flow, sink, static_cast<std::size_t>(sent));
  }
  return Sent::all;
}

Moved splice_body(Session& session, Flow& flow, BodyState& body, Side& source, Side& sink, std::uint64_t& moved) {
  const bool counted = body.framing.kind == BodyKind::length;
  const std::uint64_t most = counted ? std::min<std::uint64_t>(body.reader.known_rest(), kBurst) : kBurst;
  const ssize_t got = io::splice_in(source.fd, *flow.pipe, most);
  if (got == 0) {
    flow.ended = true;
    flow.readable = false;
    return Moved::idle;
  }
  if (got < 0) {
    if (got == -EAGAIN || got == -EINTR) {
      flow.readable = got != -EAGAIN;
      return Moved::idle;
    }
    source.error = connection_error_of(static_cast<int>(-got));
    return Moved::source_error;
  }
  source.last_read = session.worker->io->now();
  moved += static_cast<std::uint64_t>(got);
  if (counted) {
    body.reader.skip(static_cast<std::uint64_t>(got));
    body.read_over = body.reader.over();
  }
  return end_of(flush_pipe(session, flow, sink));
}

bool is_worth_a_pipe(const Flow& flow, const BodyState& body) {
  if (flow.start != flow.end || body.chunked_out) return false;
  switch (body.framing.kind) {
    case BodyKind::length: return body.reader.known_rest() >= kSpliceFrom;
    case BodyKind::until_close:
    case BodyKind::tunnel: return flow.large;
    case BodyKind::none:
    case BodyKind::chunked: return false;
  }
  return false;
}

// A pipe for what comes next; false: it is copied, also when all pipes are in use.
bool get_pipe(Session& session, Flow& flow, const BodyState& body, bool allowed) {
  if (!allowed || !is_worth_a_pipe(flow, body)) return false;
  if (flow.pipe == nullptr) flow.pipe = session.worker->io->pipes().take();
  return flow.pipe != nullptr;
}

Moved finish(Session& session, Flow& flow, BodyState& body) {
  body.over = true;
  release_if_empty(session, flow, body);
  return Moved::over;
}

}  // namespace

Moved move_body(Session& session, Flow& flow, BodyState& body, Side& source, Side& sink, std::string_view head,
                bool allow_splice) {
  if (body.over) return Moved::over;
  if (body.filter) return move_filtered_body(session, flow, body, source, sink, head);
  if (!body.unsent.empty()) {
    if (flow.blocked) return Moved::idle;
    if (const Sent sent = send_unsent(session, flow, body, sink); sent != Sent::all) return end_of(sent);
  }
  if (flow.pipe != nullptr) {
    if (flow.blocked) return Moved::idle;
    if (const Sent sent = flush_pipe(session, flow, sink); sent != Sent::all) return end_of(sent);
  }
  std::uint64_t moved = 0;
  const bool chunked = body.framing.kind == BodyKind::chunked;
  for (bool first = true;; first = false) {
    const bool was_over = body.read_over;
    if (chunked && flow.end != flow.start && !was_over && !decode(flow, body)) return Moved::bad;
    const std::size_t before = ready_bytes(flow, body);
    const bool all = chunked ? body.read_over && !was_over : before != 0 && before == body.reader.known_rest();
    const bool last = all || (body.read_over && first && !head.empty());
    moved += before;
    if (const Sent sent = send_buffered(session, flow, body, sink, first ? head : std::string_view(), last);
        sent != Sent::all)
      return end_of(sent);
    if (body.read_over || body.framing.kind == BodyKind::none) return finish(session, flow, body);
    if (flow.ended) return ends_with_source(body) ? finish(session, flow, body) : Moved::truncated;
    if (!flow.readable) break;
    if (moved >= kBurst) {
      session.worker->io->reactor().make_ready(source.token, EPOLLIN);
      break;
    }
    if (get_pipe(session, flow, body, allow_splice)) {
      const Moved result = splice_body(session, flow, body, source, sink, moved);
      if (result != Moved::idle || flow.blocked) return result;
      if (body.read_over) return finish(session, flow, body);
      continue;
    }
    make_room(session, flow);
    const std::uint32_t held = flow.end;
    const auto capacity = static_cast<std::uint32_t>(session.worker->io->buffers().buffer_size());
    if (!fill(session, flow, source)) return Moved::source_error;
    flow.large = flow.end == capacity;
    if (flow.large && held == capacity) return trailers_too_long(flow, body);
    if (flow.end == flow.start && !flow.ended) break;
  }
  release_if_empty(session, flow, body);
  return Moved::idle;
}

bool buffer_body(Session& session, Flow& flow, BodyState& body, Side& source) {
  const auto capacity = static_cast<std::uint32_t>(session.worker->io->buffers().buffer_size());
  // What chunk framing leaves free is filled again: no event will say that more has come.
  while (!body.read_over) {
    if (!fill(session, flow, source)) return false;
    if (!body.is_framed() || flow.end == flow.start) return true;
    if (!decode(flow, body)) return false;
    if (!flow.readable || flow.ended || flow.end == capacity) return true;
  }
  return true;
}

bool decode_held(Flow& flow, BodyState& body) {
  return !body.is_framed() || flow.end == flow.start || body.read_over || decode(flow, body);
}

Moved flush_unsent(Session& session, Flow& flow, BodyState& body, Side& sink) {
  if (body.unsent.empty() || flow.blocked) return Moved::idle;
  return end_of(send_unsent(session, flow, body, sink));
}

std::string_view buffered_body(const Flow& flow, const BodyState& body) {
  return flow.buffer == nullptr ? std::string_view()
                                : std::string_view(flow.buffer + flow.start, ready_bytes(flow, body));
}

bool discard_body(Flow& flow, BodyState& body) {
  if (body.framing.kind == BodyKind::none) return true;
  if (body.framing.kind == BodyKind::chunked && flow.end != flow.start && !body.read_over && !decode(flow, body))
    return false;
  consume(flow, body, ready_bytes(flow, body));
  return body.read_over;
}

}  // namespace weir::proxy
