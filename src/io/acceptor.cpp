#include "io/acceptor.h"

#include <fmt/format.h>

#include <cerrno>
#include <limits>

#include "io/socket.h"
#include "io/worker.h"

namespace weir::io {

Acceptor::Acceptor(Worker& worker, Fd listener, AcceptCallback callback, void* object, int max_accept)
    : worker_(worker), listener_(std::move(listener)), callback_(callback), object_(object), max_accept_(max_accept) {}

Acceptor::~Acceptor() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  worker_.reactor().remove(token_);
}

void Acceptor::start() {
  auto token = worker_.reactor().add_listener(listener_.get(), &Acceptor::on_event, this);
  if (!token) {
    starve();
    return;
  }
  token_ = *token;
  enabled_ = true;
  apply();
}

void Acceptor::apply() {
  const bool wanted = !paused_ && !starved_;
  if (!token_ || wanted == enabled_) return;
  if (!wanted) {
    worker_.reactor().disable(token_);
    enabled_ = false;
  } else if (worker_.reactor().enable(token_)) {
    enabled_ = true;
  } else {
    starve();  // not even the epoll set has memory: try again later
  }
}

void Acceptor::pause() {
  paused_ = true;
  apply();
}

void Acceptor::resume() {
  paused_ = false;
  apply();
}

void Acceptor::starve() {
  ++starvations_;
  starved_ = true;
  worker_.timers().arm(retry_, worker_.now() + kRetry);
  apply();
}

void Acceptor::on_retry(void* acceptor) {
  auto* const self = static_cast<Acceptor*>(acceptor);
  self->starved_ = false;
  if (self->token_)
    self->apply();
  else
    self->start();
}

void Acceptor::on_event(void* acceptor, std::uint32_t) {
  auto* const self = static_cast<Acceptor*>(acceptor);
  self->accept_some(self->max_accept_);
}

bool Acceptor::accept_some(int most) {
  bool destroyed = false;
  bool* const outer = std::exchange(destroyed_, &destroyed);
  for (int i = 0; i < most; ++i) {
    SocketAddress peer;
    auto connection = accept_connection(listener_.get(), peer);
    if (!connection) {
      // Anything but "no more" would wake a level-triggered listener again at once.
      if (connection.error().os_error != EAGAIN && !draining_) starve();
      break;
    }
    ++accepted_;
    callback_(object_, std::move(*connection), peer);
    if (destroyed) {
      if (outer != nullptr) *outer = true;
      return false;
    }
    if (!listener_ || (paused_ && !draining_)) break;
  }
  destroyed_ = outer;
  return true;
}

void Acceptor::drain_and_close() {
  if (!listener_ || draining_) return;
  draining_ = true;
  if (!accept_some(std::numeric_limits<int>::max())) return;
  retry_.cancel();
  worker_.reactor().remove(token_);
  token_ = {};
  listener_.reset();
}

Fd Acceptor::release() {
  retry_.cancel();
  worker_.reactor().remove(token_);
  token_ = {};
  return std::move(listener_);
}

}  // namespace weir::io
