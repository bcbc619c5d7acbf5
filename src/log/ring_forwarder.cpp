#include "log/ring_forwarder.h"

#include <array>

#include "io/worker.h"
#include "proto/syslog.h"

namespace weir::log {
namespace {

constexpr std::size_t kBatchBytes = 16384;

}  // namespace

RingForwarder::RingForwarder(io::Worker& worker, std::shared_ptr<Ring> ring, RingServerConfig server)
    : worker_(worker),
      ring_(std::move(ring)),
      server_(std::move(server)),
      wake_(std::make_shared<Wake>(Wake{&worker, this})),
      pin_(*ring_, ring_->oldest()),
      watcher_(*ring_, &RingForwarder::notified, this),
      scope_(worker.deferred()),
      stream_(worker, io::Side::server),
      position_(ring_->oldest()) {}

RingForwarder::~RingForwarder() {
  wake_->owner = nullptr;
  scope_.destroy_all();
}

void RingForwarder::start() { scope_.spawn(&RingForwarder::run, this); }

TimePoint RingForwarder::deadline(const Timeout& timeout) const {
  return timeout && timeout->count() > 0 ? worker_.now() + *timeout : io::Stream::kNever;
}

/// On the appending thread, while the ring's watchers are locked: `this` is alive.
void RingForwarder::notified(void* self) {
  auto* forwarder = static_cast<RingForwarder*>(self);
  forwarder->worker_.post([wake = forwarder->wake_] {
    if (wake->owner != nullptr && wake->owner->waiting_) wake->owner->stream_.interrupt();
  });
}

std::size_t RingForwarder::gather() {
  batch_.clear();
  std::size_t count = 0;
  while (batch_.size() < kBatchBytes && ring_->read(position_, line_)) {
    if (server_.octet_count) {
      std::array<char, 24> prefix;
      batch_.append(prefix.data(), proto::write_octet_count(line_.size(), prefix));
    }
    batch_ += line_;
    if (!server_.octet_count) batch_ += '\n';
    ++count;
  }
  return count;
}

io::Task<void> RingForwarder::run(RingForwarder* self) {
  while (true) {
    const auto connected = co_await self->stream_.connect(self->server_.address, {},
                                                          self->deadline(self->ring_->config().timeout_connect));
    if (connected) {
      ++self->connections_;
      self->connected_ = true;
      const auto ended = co_await serve(self);
      static_cast<void>(ended);  // whatever ended it, the answer is to connect again
      self->connected_ = false;
    }
    self->stream_.close();
    co_await io::sleep_for(self->worker_, kReconnectPause);
  }
}

io::Task<io::IoResult<void>> RingForwarder::serve(RingForwarder* self) {
  while (true) {
    const std::uint64_t before = self->position_;
    const std::size_t count = self->gather();
    if (count == 0) {
      const auto more = co_await wait_for_more(self);
      if (!more) co_return more;
      continue;
    }
    const auto sent =
        co_await self->stream_.write_all(self->batch_, self->deadline(self->ring_->config().timeout_server));
    if (!sent) {
      self->position_ = before;
      co_return sent;
    }
    self->messages_ += count;
    self->pin_.advance(self->position_);
  }
}

io::Task<io::IoResult<void>> RingForwarder::wait_for_more(RingForwarder* self) {
  self->watcher_.arm();
  if (self->ring_->newest() > self->position_) co_return io::IoResult<void>{};
  std::array<char, 512> ignored;
  self->waiting_ = true;
  const auto got = co_await self->stream_.read_some(ignored, io::Stream::kNever);
  self->waiting_ = false;
  if (got && *got == 0) co_return unexpected(io::IoError::of(io::IoErrorKind::closed, io::Side::server));
  if (!got && got.error().kind != io::IoErrorKind::cancelled) co_return unexpected(got.error());
  co_return io::IoResult<void>{};
}

}  // namespace weir::log
