// Acceptor: one listening socket on one worker. Takes connections in bounded turns, and stops when told or when it
// must.
//
// Level-triggered: what a turn leaves stays in the kernel's queue and wakes the next turn. pause() is the back-pressure
// of maxconn: connections wait in the backlog. Without descriptors or memory it pauses by itself and tries again after
// 100 ms, because a level-triggered listener that cannot accept would spin. Owned by its worker.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "io/fd.h"
#include "io/reactor.h"
#include "io/timer.h"

namespace weir::io {

class Worker;

/// May pause, drain or destroy the acceptor.
using AcceptCallback = void (*)(void* object, Fd connection, const SocketAddress& peer);

class Acceptor {
 public:
  static constexpr int kMaxAccept = 64;  // tune.maxaccept
  static constexpr Milliseconds kRetry{100};

  Acceptor(Worker& worker, Fd listener, AcceptCallback callback, void* object, int max_accept = kMaxAccept);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// Registers the socket. Nothing is accepted before. When the kernel has no room for it, it is tried again later.
  void start();
  void pause();
  void resume();
  /// Accepts what already waits, then closes: nobody who got through the handshake is reset. Also while paused.
  void drain_and_close();
  /// Gives the listening socket to another owner, unregistered and unclosed.
  [[nodiscard]] Fd release();

  [[nodiscard]] int fd() const { return listener_.get(); }
  [[nodiscard]] bool paused() const { return paused_; }
  /// Out of descriptors or memory, waiting for its retry.
  [[nodiscard]] bool starved() const { return starved_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t starvations() const { return starvations_; }
  void clear_counts() { accepted_ = starvations_ = 0; }

 private:
  static void on_event(void* acceptor, std::uint32_t events);
  static void on_retry(void* acceptor);
  /// Up to `most` connections. False: stop now (empty, starved, paused, or *this is gone).
  bool accept_some(int most);
  void starve();
  void apply();

  Worker& worker_;
  Fd listener_;
  AcceptCallback callback_;
  void* object_;
  int max_accept_;
  Token token_;
  bool enabled_ = false;
  bool paused_ = false;
  bool starved_ = false;
  bool draining_ = false;
  bool* destroyed_ = nullptr;
  std::uint64_t accepted_ = 0;
  std::uint64_t starvations_ = 0;
  Timer retry_{&Acceptor::on_retry, this};
};

}  // namespace weir::io
