// TCP sockets whose connections were reset, for the next connections.
//
// connect(2) to AF_UNSPEC resets a connection as closing with SO_LINGER 0 does, but the socket stays: its file, its
// options, its place in the epoll set. Where every request has a server connection of its own, making all that anew was
// a tenth of what a request cost. The reset tells itself by one last event, and not before that was seen has the socket
// another owner: what is left in a batch of events cannot be about a connection of the past.
//
// For sockets that were opened with no option but TCP_NODELAY. What nobody needed for a second is closed. Owned by one
// Worker, on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.h"
#include "io/fd.h"
#include "io/reactor.h"
#include "io/timer.h"

namespace weir::io {

class Worker;

class SpareSockets {
 public:
  static constexpr std::size_t kMost = 128;

  /// Registered, and not connected. Its taker rebinds the token.
  struct Socket {
    Fd fd;
    Token token;
  };

  explicit SpareSockets(Worker& worker);
  SpareSockets(const SpareSockets&) = delete;
  SpareSockets& operator=(const SpareSockets&) = delete;
  ~SpareSockets();

  /// Resets the connection. The socket, whose token is of this worker's reactor, is kept, or closed when there are
  /// enough.
  void reset(int fd, Token token, AddressFamily family);
  /// nullopt: there is none, make one.
  [[nodiscard]] std::optional<Socket> take(AddressFamily family);
  /// All of them, those that wait for their last event too.
  [[nodiscard]] std::size_t count() const { return resting_ + ready_.size(); }

 private:
  struct Spare {
    SpareSockets* owner = nullptr;
    Fd fd;
    Token token;
    AddressFamily family = AddressFamily::none;
    std::uint64_t batch = 0;  // of the events among which it was reset
  };
  static void on_event(void* spare, std::uint32_t events);
  static void on_timer(void* spares);
  void close(Spare& spare);

  Worker& worker_;
  std::unique_ptr<Spare[]> all_;
  std::vector<Spare*> free_;
  std::vector<Spare*> ready_;
  std::size_t resting_ = 0;   // reset, their last event still to come
  std::size_t unneeded_ = 0;  // as many were ready at any time of this period
  Timer timer_;
};

}  // namespace weir::io
