#include "io/reactor.h"

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/direct.h"

namespace weir::io {

namespace {

constexpr std::uint32_t kEdge = 0;          // mode of an edge-triggered registration
constexpr std::uint32_t kEdgeIn = EPOLLET;  // and of one that is not asked whether it can be written to
constexpr std::uint32_t kEdgeEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kDisabled = EPOLLPRI;  // a bit beside mode's EPOLL* flags, of which it is never one

std::uint64_t pack(Token token) { return (static_cast<std::uint64_t>(token.generation) << 32) | token.slot; }
Token unpack(std::uint64_t data) {
  return {.slot = static_cast<std::uint32_t>(data), .generation = static_cast<std::uint32_t>(data >> 32)};
}

}  // namespace

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) { WEIR_ASSERT(epoll_.valid()); }

Reactor::~Reactor() = default;

Reactor::Registration* Reactor::find(Token token) const {
  if (token.slot >= slots_) return nullptr;
  Registration& r = at(token.slot);
  return r.generation == token.generation && r.fd >= 0 ? &r : nullptr;
}

bool Reactor::alive(Token token) const { return find(token) != nullptr; }

std::uint32_t Reactor::take_slot() {
  if (!free_.empty()) {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if ((slots_ & (kBlockSize - 1)) == 0) {
    blocks_.push_back(std::make_unique<Registration[]>(kBlockSize));
    for (std::uint32_t i = 0; i < kBlockSize; ++i) blocks_.back()[i] = {.generation = 1, .fd = -1};
  }
  return slots_++;
}

IoResult<Token> Reactor::insert(int fd, std::uint32_t events, std::uint32_t mode, EventCallback callback,
                                void* object) {
  const std::uint32_t slot = take_slot();
  Registration& r = at(slot);
  const Token token{.slot = slot, .generation = r.generation};
  epoll_event event{.events = events, .data = {.u64 = pack(token)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    free_.push_back(slot);  // its generation was never shown to epoll
    return unexpected(IoError::from_errno(errno));
  }
  r.callback = callback;
  r.object = object;
  r.fd = fd;
  r.pending = 0;
  r.mode = mode;
  ++live_;
  return token;
}

IoResult<Token> Reactor::add(int fd, EventCallback callback, void* object) {
  return insert(fd, kEdgeEvents, kEdge, callback, object);
}

IoResult<Token> Reactor::add_connected(int fd, EventCallback callback, void* object) {
  return insert(fd, kEdgeEvents & ~EPOLLOUT, kEdgeIn, callback, object);
}

void Reactor::watch_writable(Token token) {
  Registration* r = find(token);
  if (r == nullptr || r->mode != kEdgeIn) return;
  epoll_event event{.events = kEdgeEvents, .data = {.u64 = pack(token)}};
  const int changed = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, r->fd, &event);
  WEIR_ASSERT(changed == 0);  // it needs no memory, and the descriptor is in the set
  r->mode = kEdge;
}

IoResult<Token> Reactor::add_level(int fd, EventCallback callback, void* object) {
  return insert(fd, EPOLLIN, EPOLLIN, callback, object);
}

IoResult<Token> Reactor::add_listener(int fd, EventCallback callback, void* object) {
  return insert(fd, EPOLLIN | EPOLLEXCLUSIVE, EPOLLIN | EPOLLEXCLUSIVE, callback, object);
}

void Reactor::release(Token token, Registration& r) {
  if (++r.generation == 0) r.generation = 1;
  r.fd = -1;
  r.pending = 0;
  --live_;
  released_.push_back(token.slot);
}

void Reactor::remove(Token token) {
  Registration* r = find(token);
  if (r == nullptr) return;
  if ((r->mode & kDisabled) == 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, r->fd, nullptr);
  release(token, *r);
}

void Reactor::forget(Token token) {
  if (Registration* r = find(token); r != nullptr) release(token, *r);
}

void Reactor::rebind(Token token, EventCallback callback, void* object) {
  Registration* r = find(token);
  WEIR_ASSERT(r != nullptr);
  r->callback = callback;
  r->object = object;
}

void Reactor::make_ready(Token token, std::uint32_t events) {
  Registration* r = find(token);
  if (r == nullptr || events == 0) return;
  if (r->pending == 0) ready_.push_back(token);
  r->pending |= events;
}

void Reactor::disable(Token token) {
  Registration* r = find(token);
  if (r == nullptr || (r->mode & kDisabled) != 0) return;
  WEIR_ASSERT(r->mode != kEdge && r->mode != kEdgeIn);
  // EPOLLEXCLUSIVE forbids EPOLL_CTL_MOD: out it goes, and in again later.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, r->fd, nullptr);
  r->mode |= kDisabled;
}

IoResult<void> Reactor::enable(Token token) {
  Registration* r = find(token);
  if (r == nullptr || (r->mode & kDisabled) == 0) return {};
  epoll_event event{.events = r->mode & ~kDisabled, .data = {.u64 = pack(token)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, r->fd, &event) != 0) return unexpected(IoError::from_errno(errno));
  r->mode &= ~kDisabled;
  return {};
}

int Reactor::run_once(int timeout_ms) {
  const int fetched = wait(timeout_ms);
  dispatch();
  return fetched;
}

int Reactor::wait(int timeout_ms) {
  const int n = wait_events(epoll_.get(), events_, kBatch, ready_.empty() ? timeout_ms : 0);
  WEIR_ASSERT(n >= 0 || errno == EINTR);
  fetched_ = n > 0 ? n : 0;
  ++batches_;
  return fetched_;
}

void Reactor::dispatch() {
  for (int i = 0; i < fetched_; ++i) {
    const Token token = unpack(events_[i].data.u64);
    Registration& r = at(token.slot);
    // A disabled listener's event may already be in the batch; a dead registration's surely is of another generation.
    if (r.generation != token.generation || (r.mode & kDisabled) != 0) continue;
    if (r.pending != 0) {  // on the ready list anyway: one call for both
      r.pending |= events_[i].events;
      continue;
    }
    r.callback(r.object, events_[i].events);
  }
  fetched_ = 0;
  if (!ready_.empty()) {
    turn_.swap(ready_);
    for (const Token token : turn_) {
      Registration& r = at(token.slot);
      if (r.generation != token.generation || r.pending == 0) continue;
      const std::uint32_t events = std::exchange(r.pending, 0);
      r.callback(r.object, events);
    }
    turn_.clear();
  }
  if (!released_.empty()) {
    free_.insert(free_.end(), released_.begin(), released_.end());
    released_.clear();
  }
}

}  // namespace weir::io
