// A body that filters stand in the way of: it is compressed, its pace is limited, or both in the order of the lines.
//
// One round takes what lies in the buffer, as much as the limits before the encoder allow, makes what goes out in the
// worker's scratch memory, as much as the limits behind it allow, and sends that as one chunk. What a socket will not
// take is kept aside, and nothing is read until it has left: a message holds its encoder and two buffers at most. When
// its source has nothing more to say for now, all that was taken in comes out: answers that trickle are not held back.
// A source that ends too early leaves a message without its last chunk. Compressing is slow beside copying, so a turn
// takes a quarter of what others move. Manual: 4.2 (compression), 9.2, 9.7.
#include <algorithm>
#include <cstring>

#include "proto/fcgi/record.h"
#include "proxy/http/body.h"
#include "proxy/http/burst.h"
#include "proxy/http/compression.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/relay.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

using proto::coding::Step;
using proto::coding::Until;
using proto::http::BodyKind;

constexpr std::uint64_t kFilteredBurst = 64 * 1024;  // about one millisecond at level 1
constexpr std::size_t kLeastOut = 64;                // on credit: less is no work for an encoder
constexpr unsigned kMostReads = 16;                  // records may hold nothing of the body: STDERR

// One round.
struct Round {
  Session& session;
  Flow& flow;
  BodyState& body;
  std::size_t taken = 0;     // of the buffer's bytes
  std::string_view payload;  // what goes out
  bool last = false;         // it is the body's end
  bool waits = false;        // a limit says: not now
  bool failed = false;
};

std::uint64_t allowed(const Round& round, std::uint64_t wanted, LimitPlace place) {
  if (!round.body.filter->limited || wanted == 0) return wanted;
  return bandwidth_allowance(round.session, round.flow, wanted, place);
}

void spend(const Round& round, std::uint64_t bytes, LimitPlace place) {
  if (round.body.filter->limited && bytes != 0) bandwidth_spend(round.session, round.flow, bytes, place);
}

// Whether all of the body that there will ever be lies within the first `size` bytes of the buffer.
bool ends_within(const Round& round, std::size_t size) {
  const BodyState& body = round.body;
  if (body.is_framed()) return body.read_over && size == body.decoded;
  if (body.framing.kind == BodyKind::length) return size == body.reader.known_rest();
  return body.framing.kind == BodyKind::none;
}

// A record says its length in sixteen bits.
constexpr std::size_t kMostInRecord = proto::fcgi::kMostContent - proto::fcgi::kMostContent % proto::fcgi::kAlignment;

void take_as_it_is(Round& round, std::size_t most) {
  if (round.body.filter->records) most = std::min(most, kMostInRecord);
  const std::size_t size = allowed(round, most, LimitPlace::behind_encoder);
  round.waits = round.waits || (most != 0 && size == 0);
  round.taken = size;
  round.payload = {round.flow.buffer + round.flow.start, size};
  round.last = ends_within(round, size);
}

void encode(Round& round, std::size_t ready, std::size_t most) {
  BodyFilter& filter = *round.body.filter;
  const bool end = ends_within(round, most);
  const bool pause = round.waits || (most == ready && (!round.flow.readable || round.flow.ended));
  const Until until = end ? Until::end : pause ? Until::flush : Until::later;
  if (most == 0 && !end && !(until == Until::flush && filter.encoder->holds_bytes())) return;
  const std::span<char> scratch = round.session.worker->io->scratch();
  const std::uint64_t room = allowed(round, scratch.size(), LimitPlace::behind_encoder);
  if (room == 0) {
    round.waits = true;
    return;
  }
  adapt_level(round.session, *filter.encoder);
  const std::string_view in(round.flow.buffer + round.flow.start, most);
  const Step step = filter.encoder->step(
      most == 0 ? std::string_view() : in,
      scratch.first(std::clamp<std::size_t>(room, std::min(kLeastOut, scratch.size()), scratch.size())), until);
  round.failed = step.failed;
  round.taken = step.consumed;
  round.payload = {scratch.data(), step.produced};
  round.last = end && step.through;
}

// What there is to do now, done but for the sending.
Round work(Session& session, Flow& flow, BodyState& body) {
  Round round{.session = session, .flow = flow, .body = body};
  const std::size_t ready = ready_bytes(flow, body);
  const std::size_t most = allowed(round, ready, LimitPlace::before_encoder);
  round.waits = most == 0 && ready != 0;
  if (body.filter->encoder)
    encode(round, ready, most);
  else
    take_as_it_is(round, most);
  return round;
}

/// What stands around the payload of a round where bytes do not leave as they are.
struct Frame {
  char before[18];
  char after[proto::fcgi::kAlignment + proto::fcgi::kHeader] = {};  // padding, then the end of the stream
};

void add_chunk(Burst& burst, Frame& frame, const Round& round) {
  if (!round.payload.empty()) {
    burst.add({frame.before, proto::http1::write_chunk_size(round.payload.size(), std::span<char>(frame.before))});
    burst.add(round.payload);
    burst.add("\r\n");
  }
  if (!round.last) return;
  burst.add("0\r\n");
  burst.add(round.body.trailers);
  burst.add("\r\n");
}

void add_record(Burst& burst, Frame& frame, const Round& round) {
  namespace fcgi = proto::fcgi;
  const std::size_t padding = fcgi::padding_of(round.payload.size());
  if (!round.payload.empty()) {
    fcgi::write_header(frame.before, fcgi::Type::in, fcgi::kRequest, round.payload.size(), padding);
    burst.add({frame.before, fcgi::kHeader});
    burst.add(round.payload);
    burst.add({frame.after, padding});
  }
  if (!round.last) return;
  fcgi::write_header(frame.after + padding, fcgi::Type::in, fcgi::kRequest, 0);
  burst.add({frame.after + padding, fcgi::kHeader});
}

Sent send_round(Round& round, Side& sink) {
  BodyState& body = round.body;
  Frame frame;
  Burst burst;
  burst.add(body.unsent);
  if (body.filter->records)
    add_record(burst, frame, round);
  else if (body.chunked_out)
    add_chunk(burst, frame, round);
  else
    burst.add(round.payload);
  if (burst.size() == 0) return Sent::all;
  const ssize_t result = burst.send(sink.fd);
  if (result < 0) return sink_failed(sink);
  const auto sent = static_cast<std::size_t>(result);
  note_sent(round.session, round.flow, sink, sent);
  std::string rest;
  if (sent != burst.size()) burst.append_rest(sent, rest);
  body.unsent.swap(rest);
  if (body.unsent.empty()) return Sent::all;
  block(round.session, round.flow, sink);
  return Sent::blocked;
}

// After the sending: the buffer's bytes are done with, and everybody who counts has heard of them.
void settle(Round& round) {
  BodyFilter& filter = *round.body.filter;
  consume(round.flow, round.body, round.taken);
  spend(round, round.taken, LimitPlace::before_encoder);
  spend(round, round.payload.size(), LimitPlace::behind_encoder);
  filter.encoded = round.last;
  if (!filter.encoder) return;
  round.flow.saved += static_cast<std::int64_t>(round.taken) - static_cast<std::int64_t>(round.payload.size());
  count_encoded(round.session, round.flow, filter.encoder->coding(), round.taken, round.payload.size());
  if (filter.encoded && !round.body.keep_buffer) filter.encoder.give_back();  // else it may all have to be done again
}

Moved over(Session& session, Flow& flow, BodyState& body) {
  body.over = true;
  release_if_empty(session, flow, body);
  return Moved::over;
}

// Everything was made earlier, and a part of it could not be sent.
Moved send_the_end(Session& session, Flow& flow, BodyState& body, Side& sink) {
  if (!body.unsent.empty())
    if (const Sent sent = send_unsent(session, flow, body, sink); sent != Sent::all)
      return sent == Sent::error ? Moved::sink_error : Moved::idle;
  return over(session, flow, body);
}

// All that was there is done with: is there more?
enum class Next : std::uint8_t { round, stop, ended, failed, full };

Next read_more(Session& session, Flow& flow, Side& source) {
  if (flow.ended) return Next::ended;
  if (!flow.readable) return Next::stop;
  make_room(session, flow);
  const std::uint32_t before = flow.end;
  if (!fill(session, flow, source)) return Next::failed;
  if (flow.end != before || flow.ended) return Next::round;
  return flow.readable ? Next::full : Next::stop;
}

}  // namespace

Moved move_filtered_body(Session& session, Flow& flow, BodyState& body, Side& source, Side& sink,
                         std::string_view head) {
  body.unsent.append(head);
  std::uint64_t moved = 0;
  unsigned reads = 0;
  for (;;) {
    if (flow.blocked) return Moved::idle;
    if (body.filter->encoded) return send_the_end(session, flow, body, sink);
    if (body.is_framed() && flow.end != flow.start && !body.read_over && !decode(flow, body)) return Moved::bad;
    Round round = work(session, flow, body);
    if (round.failed) return Moved::bad;
    const Sent sent = send_round(round, sink);
    if (sent == Sent::error) return Moved::sink_error;
    settle(round);
    if (sent == Sent::blocked) return Moved::idle;
    if (round.last) return over(session, flow, body);
    if (round.waits) break;
    moved += round.taken;
    if (moved >= kFilteredBurst || reads == kMostReads) {
      session.worker->io->reactor().make_ready(source.token, EPOLLIN);
      break;
    }
    if (round.taken != 0 || !round.payload.empty()) continue;
    const Next next = read_more(session, flow, source);
    reads++;
    if (next == Next::failed) return Moved::source_error;
    if (next == Next::full) return trailers_too_long(flow, body);
    if (next == Next::ended) return ends_with_source(body) ? over(session, flow, body) : Moved::truncated;
    if (next == Next::stop) break;
  }
  release_if_empty(session, flow, body);
  return Moved::idle;
}

}  // namespace weir::proxy
