#include "proxy/tcp/relay.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/direct.h"
#include "proxy/tcp/extras.h"
#include "proxy/worker_context.h"

namespace weir::proxy {
namespace {

enum class Sent : std::uint8_t { all, blocked, error };

void release_buffer(Session& session, Flow& flow) {
  if (flow.buffer != nullptr) session.worker->io->buffers().give(flow.buffer);
  flow.buffer = nullptr;
  flow.start = flow.end = 0;
}

void release_pipe(Session& session, Flow& flow) {
  if (flow.pipe != nullptr) session.worker->io->pipes().give(flow.pipe);
  flow.pipe = nullptr;
}

void note_sent(Session& session, Flow& flow, Side& sink, std::uint64_t bytes) {
  flow.total += bytes;
  sink.last_write = session.worker->io->now();
}

Sent send_error(Side& sink, int os_error) {
  sink.error = connection_error_of(os_error);
  return Sent::error;
}

// Sends what an earlier turn could not.
Sent send_held(Session& session, Flow& flow, Side& sink) {
  while (flow.end != flow.start) {
    const ssize_t sent = io::send(sink.fd, flow.buffer + flow.start, flow.end - flow.start, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return send_error(sink, errno);
      block(session, flow, sink);
      return Sent::blocked;
    }
    flow.start += static_cast<std::uint32_t>(sent);
    note_sent(session, flow, sink, static_cast<std::uint64_t>(sent));
  }
  if (flow.buffer != nullptr) release_buffer(session, flow);
  while (flow.pipe != nullptr && flow.pipe->held != 0) {
    const ssize_t sent = io::splice_out(*flow.pipe, sink.fd);
    if (sent < 0) {
      if (sent == -EINTR) continue;
      if (sent != -EAGAIN) return send_error(sink, static_cast<int>(-sent));
      block(session, flow, sink);
      return Sent::blocked;
    }
    note_sent(session, flow, sink, static_cast<std::uint64_t>(sent));
  }
  return Sent::all;
}

// Sends fresh bytes from the scratch buffer; what does not fit is copied into a buffer of the flow's own.
Sent send_fresh(Session& session, Flow& flow, Side& sink, const char* bytes, std::size_t size) {
  std::size_t at = 0;
  while (at != size) {
    const ssize_t sent = io::send(sink.fd, bytes + at, size - at, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return send_error(sink, errno);
      flow.buffer = session.worker->io->buffers().take();
      std::memcpy(flow.buffer, bytes + at, size - at);
      flow.start = 0;
      flow.end = static_cast<std::uint32_t>(size - at);
      block(session, flow, sink);
      return Sent::blocked;
    }
    at += static_cast<std::size_t>(sent);
    note_sent(session, flow, sink, static_cast<std::uint64_t>(sent));
  }
  return Sent::all;
}

enum class Got : std::uint8_t { bytes, nothing, end, error };

struct Read {
  Got got;
  std::size_t size = 0;
  bool drained = false;
};

Read nothing_read(Side& source, int os_error) {
  if (os_error == EAGAIN || os_error == EINTR) return {Got::nothing};
  source.error = connection_error_of(os_error);
  return {Got::error};
}

// No more than `most` bytes.
Read read_scratch(Session& session, Flow& flow, Side& source, std::uint64_t most) {
  std::span<char> scratch = session.worker->io->scratch();
  if (most < scratch.size()) scratch = scratch.first(most);
  for (;;) {
    const ssize_t got = io::receive(source.fd, scratch.data(), scratch.size(), 0);
    if (got > 0) {
      source.last_read = session.worker->io->now();
      return {Got::bytes, static_cast<std::size_t>(got),
              static_cast<std::size_t>(got) < scratch.size() && !flow.to_end};
    }
    if (got == 0) return {Got::end};
    if (errno == EINTR) continue;
    return nothing_read(source, errno);
  }
}

Read read_pipe(Session& session, Flow& flow, Side& source, std::uint64_t most) {
  const ssize_t got = io::splice_in(source.fd, *flow.pipe, most);
  if (got > 0) {
    source.last_read = session.worker->io->now();
    return {Got::bytes, static_cast<std::size_t>(got), false};
  }
  if (got == 0) return {Got::end};
  return nothing_read(source, static_cast<int>(-got));
}

void end_flow(Flow& flow) {
  flow.ended = true;
  flow.readable = false;
  flow.large = false;
}

// A flow stops being large when its source is empty: the next burst is judged anew, and small answers stay with recv
// and send.
void drained(Flow& flow) {
  flow.readable = false;
  flow.large = false;
}

}  // namespace

FlowResult pump(Session& session, Flow& flow, Side& source, Side& sink, bool allow_splice) {
  if (flow.holds_bytes()) {
    if (flow.blocked) return FlowResult::idle;
    const Sent sent = send_held(session, flow, sink);
    if (sent == Sent::error) return FlowResult::sink_error;
    if (sent == Sent::blocked) return FlowResult::idle;
  }
  std::uint64_t moved = 0;
  const bool limited = session.extras && session.extras->bandwidth;
  while (flow.readable && !flow.ended) {
    if (moved >= kBurst) {
      session.worker->io->reactor().make_ready(source.token, EPOLLIN);
      break;
    }
    const std::uint64_t most = limited ? bandwidth_allowance(session, flow, kBurst) : kBurst;
    if (most == 0) break;  // the flow stays readable; the session's timer comes back
    if (flow.large && allow_splice && flow.pipe == nullptr) flow.pipe = session.worker->io->pipes().take();
    const bool by_pipe = flow.large && flow.pipe != nullptr;
    const Read read = by_pipe ? read_pipe(session, flow, source, most) : read_scratch(session, flow, source, most);
    if (read.got == Got::error) return FlowResult::source_error;
    if (read.got == Got::end) {
      end_flow(flow);
      break;
    }
    if (read.got == Got::nothing) {
      drained(flow);
      break;
    }
    moved += read.size;
    if (limited) bandwidth_spend(session, flow, read.size);
    const Sent sent = by_pipe ? send_held(session, flow, sink)
                              : send_fresh(session, flow, sink, session.worker->io->scratch().data(), read.size);
    if (sent == Sent::error) return FlowResult::sink_error;
    if (read.drained)
      drained(flow);
    else if (!by_pipe)
      flow.large = read.size == session.worker->io->scratch().size();
    if (sent == Sent::blocked) break;
  }
  if (flow.pipe != nullptr && flow.pipe->held == 0) release_pipe(session, flow);
  return FlowResult::idle;
}

std::optional<std::size_t> send_with_head(Session& session, Flow& flow, Side& sink, std::string_view head) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {nullptr, 0}};
  if (flow.end != flow.start) parts[1] = {flow.buffer + flow.start, flow.end - flow.start};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = parts[1].iov_len != 0 ? 2 : 1;
  ssize_t sent = 0;
  do sent = io::send(sink.fd, message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return errno == EAGAIN ? std::optional<std::size_t>(0) : std::nullopt;
  const auto moved = static_cast<std::size_t>(sent);
  if (moved <= head.size()) return moved;
  flow.start += static_cast<std::uint32_t>(moved - head.size());
  note_sent(session, flow, sink, moved - head.size());
  if (flow.start == flow.end) release_buffer(session, flow);
  return head.size();
}

bool fill(Session& session, Flow& flow, Side& source) {
  const auto capacity = static_cast<std::uint32_t>(session.worker->io->buffers().buffer_size());
  while (flow.readable && !flow.ended) {
    if (flow.buffer == nullptr) {
      flow.buffer = session.worker->io->buffers().take();
      flow.start = flow.end = 0;
    }
    if (flow.end == capacity) break;
    const ssize_t got = io::receive(source.fd, flow.buffer + flow.end, capacity - flow.end, 0);
    if (got > 0) {
      source.last_read = session.worker->io->now();
      const bool full = flow.end + static_cast<std::uint32_t>(got) == capacity;
      flow.end += static_cast<std::uint32_t>(got);
      if (!full && !flow.to_end) flow.readable = false;
    } else if (got == 0) {
      end_flow(flow);
    } else if (errno == EAGAIN) {
      flow.readable = false;
    } else if (errno != EINTR) {
      source.error = connection_error_of(errno);
      return false;
    }
  }
  if (flow.end == 0) release_buffer(session, flow);
  return true;
}

void block(Session& session, Flow& flow, const Side& sink) {
  flow.blocked = true;
  session.worker->io->reactor().watch_writable(sink.token);
}

void drop_held_bytes(Session& session, Flow& flow) {
  if (flow.buffer != nullptr) release_buffer(session, flow);
  if (flow.pipe != nullptr) release_pipe(session, flow);
}

}  // namespace weir::proxy
