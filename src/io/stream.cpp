#include "io/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "io/worker.h"

namespace weir::io {

Stream::Stream(Worker& worker, Side side) : worker_(worker), side_(side) {}

Stream::Stream(Worker& worker, Fd socket, Side side) : worker_(worker), side_(side) { attach(std::move(socket)); }

Stream::Stream(Worker& worker, Fd socket, Token token, Side side)
    : worker_(worker), socket_(std::move(socket)), token_(token), side_(side) {
  worker_.reactor().rebind(token_, &Stream::on_event, this);
  // Edges seen by the former owner are gone: the first try of each direction finds out.
  reader_.ready = writer_.ready = true;
  input_ending_ = true;
}

Stream::~Stream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  // A frame that waits here will not be resumed any more; it may still be destroyed.
  for (Direction* d : {&reader_, &writer_}) {
    if (d->wait != nullptr) d->wait->stream_ = nullptr;
  }
  worker_.reactor().forget(token_);
}

void Stream::attach(Fd socket) {
  socket_ = std::move(socket);
  reader_.ready = writer_.ready = false;
  input_ending_ = false;
  register_error_ = 0;
  auto token = worker_.reactor().add(socket_.get(), &Stream::on_event, this);
  if (token) {
    token_ = *token;
  } else {
    register_error_ = token.error().os_error != 0 ? token.error().os_error : EIO;
  }
}

void Stream::close() {
  worker_.reactor().forget(std::exchange(token_, {}));
  socket_.reset();
  interrupt();
}

Fd Stream::release() {
  worker_.reactor().remove(std::exchange(token_, {}));
  return std::move(socket_);
}

void Stream::shutdown_write() {
  if (socket_) io::shutdown_write(socket_.get());
}

void Stream::interrupt() {
  // Resumed by the timers of this turn, not from here: the caller may be what they wait for.
  for (Direction* d : {&reader_, &writer_}) {
    if (!d->waiting) continue;
    d->interrupted = true;
    worker_.timers().arm(d->timer, worker_.now());
  }
}

void Stream::wake(Direction& direction) {
  direction.timer.cancel();
  std::exchange(direction.waiting, {}).resume();
}

void Stream::on_timer(void* direction) {
  auto& d = *static_cast<Direction*>(direction);
  d.timed_out = true;
  if (d.waiting) wake(d);
}

void Stream::on_event(void* stream, std::uint32_t events) {
  auto* const self = static_cast<Stream*>(stream);
  if ((events & kEndOfInput) != 0) self->input_ending_ = true;
  if ((events & (kReadable | kEndOfInput)) != 0) self->reader_.ready = true;
  if ((events & (kWritable | EPOLLHUP | EPOLLERR)) != 0) self->writer_.ready = true;
  bool destroyed = false;
  bool* const outer = std::exchange(self->destroyed_, &destroyed);
  if (self->reader_.ready && self->reader_.waiting) wake(self->reader_);
  if (destroyed) {
    if (outer != nullptr) *outer = true;
    return;
  }
  if (self->writer_.ready && self->writer_.waiting) wake(self->writer_);
  if (destroyed) {
    if (outer != nullptr) *outer = true;
    return;
  }
  self->destroyed_ = outer;
}

Stream::Wait::~Wait() {
  // Suspended still: the frame is being destroyed.
  if (!suspended_ || stream_ == nullptr) return;
  direction_->waiting = {};
  direction_->wait = nullptr;
  direction_->timer.cancel();
}

bool Stream::Wait::await_ready() const {
  return direction_->ready || !stream_->socket_ || stream_->register_error_ != 0;
}

void Stream::Wait::await_suspend(std::coroutine_handle<> waiter) {
  WEIR_ASSERT(!direction_->waiting);
  direction_->waiting = waiter;
  direction_->wait = this;
  direction_->timed_out = direction_->interrupted = false;
  suspended_ = true;
  stream_->worker_.timers().arm(direction_->timer, deadline_);
}

IoResult<void> Stream::Wait::await_resume() {
  const bool waited = std::exchange(suspended_, false);
  if (waited) direction_->wait = nullptr;
  if (waited && direction_->interrupted) return unexpected(stream_->error(IoErrorKind::cancelled));
  if (stream_->register_error_ != 0) return unexpected(stream_->error(stream_->register_error_));
  if (!stream_->socket_) return unexpected(stream_->error(IoErrorKind::closed));
  if (!direction_->ready) return unexpected(stream_->error(IoErrorKind::timeout));
  return {};
}

Task<IoResult<void>> Stream::connect(const SocketAddress& address, const ConnectOptions& options, TimePoint deadline) {
  close();
  auto socket = open_connection(address, options);
  if (!socket) {
    IoError refused = socket.error();
    refused.side = side_;
    co_return unexpected(refused);
  }
  attach(std::move(*socket));
  const auto connected = co_await writable(deadline);
  if (!connected) {
    close();
    co_return unexpected(connected.error());
  }
  if (const int refused = socket_error(socket_.get()); refused != 0) {
    close();
    co_return unexpected(error(refused));
  }
  co_return IoResult<void>{};
}

Task<IoResult<std::size_t>> Stream::read_some(std::span<char> into, TimePoint deadline) {
  for (;;) {
    const auto ready = co_await readable(deadline);
    if (!ready) co_return unexpected(ready.error());
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (got >= 0) {
      // A short read has drained the socket, unless a FIN shares the edge.
      if (static_cast<std::size_t>(got) < into.size() && !input_ending_) reader_.ready = false;
      co_return static_cast<std::size_t>(got);
    }
    if (errno == EAGAIN) {
      reader_.ready = false;
    } else if (errno != EINTR) {
      co_return unexpected(error(errno));
    }
  }
}

Task<IoResult<void>> Stream::write_all(std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    const auto ready = co_await writable(deadline);
    if (!ready) co_return unexpected(ready.error());
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      writer_.ready = false;
    } else if (errno != EINTR) {
      co_return unexpected(error(errno));
    }
  }
  co_return IoResult<void>{};
}

bool Sleep::await_ready() const { return until_ <= worker_.now(); }

void Sleep::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  timer_.set([](void* self) { static_cast<Sleep*>(self)->waiter_.resume(); }, this);
  worker_.timers().arm(timer_, until_);
}

Sleep sleep_for(Worker& worker, Milliseconds duration) { return {worker, worker.now() + duration}; }

}  // namespace weir::io
