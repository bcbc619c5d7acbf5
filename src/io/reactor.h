// The reactor: one epoll set of one thread, and the list of sockets that are ready without a new edge.
//
// A socket is registered once, edge-triggered; there is no epoll_ctl per request. One that can be written to from the
// start is asked about that only from when it first could not: the event of a beginning would tell nothing. epoll
// carries a Token (slot and generation), never a pointer: an event already fetched for a registration that died in the
// same batch finds another generation and is dropped, and a slot is reused only after the batch. Who stops reading
// before EAGAIN must call make_ready(), for no edge will come: the socket's callback runs again in the next turn, after
// everybody else had theirs. A registration is 32 bytes and never moves. Owned by one Worker; nothing here may be
// called from another thread.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/error.h"
#include "io/fd.h"

namespace weir::io {

/// Names a registration. Generation 0 names none.
struct Token {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  explicit operator bool() const { return generation != 0; }
  friend bool operator==(const Token&, const Token&) = default;
};

/// `events` is epoll's mask. An event with kEndOfInput in it must be read until 0 or an error: data and FIN make one
/// edge.
using EventCallback = void (*)(void* object, std::uint32_t events);

constexpr std::uint32_t kReadable = EPOLLIN;
constexpr std::uint32_t kWritable = EPOLLOUT;
constexpr std::uint32_t kEndOfInput = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

class Reactor {
 public:
  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  /// Edge-triggered, both directions, for the life of the socket. The descriptor stays the caller's.
  IoResult<Token> add(int fd, EventCallback callback, void* object);
  /// The same for a socket that is connected: told of as writable after watch_writable().
  IoResult<Token> add_connected(int fd, EventCallback callback, void* object);
  /// A write would have blocked: an event tells when it will not, at once if it is so already. Costs a system call the
  /// first time. Edge-triggered registrations.
  void watch_writable(Token token);
  /// Level-triggered readability: eventfd, signalfd, inotify.
  IoResult<Token> add_level(int fd, EventCallback callback, void* object);
  /// A listening socket: level-triggered, EPOLLEXCLUSIVE, so that of the workers sharing it only some wake. Starts
  /// enabled.
  IoResult<Token> add_listener(int fd, EventCallback callback, void* object);

  /// Forgets the registration and takes the descriptor out of the epoll set; it stays open.
  void remove(Token token);
  /// Forgets the registration whose descriptor the caller closes right now: close(2) leaves the epoll set by itself, so
  /// this costs no system call. Not for a descriptor that has duplicates.
  void forget(Token token);
  /// The socket gets a new owner; what is pending goes to it.
  void rebind(Token token, EventCallback callback, void* object);
  /// Calls back with `events` in the next turn's ready list (this turn's, when called from the epoll batch). Stale
  /// tokens: nothing.
  void make_ready(Token token, std::uint32_t events);
  /// Level-triggered registrations only. disable() keeps the token.
  void disable(Token token);
  IoResult<void> enable(Token token);

  [[nodiscard]] bool alive(Token token) const;
  [[nodiscard]] bool has_ready() const { return !ready_.empty(); }
  [[nodiscard]] std::size_t registrations() const { return live_; }
  /// How many times events were fetched.
  [[nodiscard]] std::uint64_t batches() const { return batches_; }

  /// wait() then dispatch(). `timeout_ms` -1 waits for ever; a non-empty ready list makes it 0. Returns the events
  /// taken from epoll.
  int run_once(int timeout_ms);
  /// The two halves, so that the worker can read its clock between them.
  int wait(int timeout_ms);
  void dispatch();

 private:
  struct Registration {
    EventCallback callback;
    void* object;
    std::uint32_t generation;  // 0 is never a live one
    std::int32_t fd;           // -1: free
    std::uint32_t pending;     // ready-list events; not 0: it is on the list
    std::uint32_t mode;        // epoll flags of a level-triggered registration while enabled, kDisabled, kEdge, kEdgeIn
  };
  static_assert(sizeof(Registration) == 32);
  static constexpr std::uint32_t kBlockBits = 9;
  static constexpr std::uint32_t kBlockSize = 1U << kBlockBits;
  static constexpr int kBatch = 256;

  [[nodiscard]] Registration& at(std::uint32_t slot) const {
    return blocks_[slot >> kBlockBits][slot & (kBlockSize - 1)];
  }
  [[nodiscard]] Registration* find(Token token) const;
  IoResult<Token> insert(int fd, std::uint32_t events, std::uint32_t mode, EventCallback callback, void* object);
  std::uint32_t take_slot();
  void release(Token token, Registration& registration);

  Fd epoll_;
  int fetched_ = 0;
  std::uint64_t batches_ = 0;
  std::size_t live_ = 0;
  std::uint32_t slots_ = 0;
  std::vector<std::unique_ptr<Registration[]>> blocks_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> released_;  // free after the batch
  std::vector<Token> ready_;
  std::vector<Token> turn_;  // the ready list being run
  epoll_event events_[kBatch];
};

}  // namespace weir::io
