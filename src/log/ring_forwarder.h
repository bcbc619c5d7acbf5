// Sends what a ring holds to one TCP (or Unix stream) log server, and keeps at it.
//
// A coroutine on one worker: connect, send everything there is, wait for more; on any failure wait kReconnectPause and
// connect again. What was not handed to the kernel completely stays pinned in the ring and is sent again, so a server
// may see the lines of a broken batch twice, never a gap (unless the ring was full: those are counted there). Messages
// are framed by octet counting or by a line feed (RFC 6587). Whatever the server says is read and thrown away.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "io/stream.h"
#include "io/task.h"
#include "log/ring.h"

namespace weir::log {

inline constexpr std::chrono::milliseconds kReconnectPause{1000};

class RingForwarder {
 public:
  /// Made, started and destroyed on the worker's thread (or before it runs), not from within one of its own callbacks.
  RingForwarder(io::Worker& worker, std::shared_ptr<Ring> ring, RingServerConfig server);
  ~RingForwarder();
  RingForwarder(const RingForwarder&) = delete;
  RingForwarder& operator=(const RingForwarder&) = delete;

  void start();
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  [[nodiscard]] const Ring& ring() const { return *ring_; }
  [[nodiscard]] const RingServerConfig& server() const { return server_; }

 private:
  /// Outlives the forwarder while a wake-up is under way to its worker.
  struct Wake {
    io::Worker* worker = nullptr;
    RingForwarder* owner = nullptr;  // read and cleared on the worker only
  };
  static io::Task<void> run(RingForwarder* self);
  static io::Task<io::IoResult<void>> serve(RingForwarder* self);
  static io::Task<io::IoResult<void>> wait_for_more(RingForwarder* self);
  static void notified(void* self);
  /// Fills batch_ from the ring, framed; how many messages it took.
  std::size_t gather();
  [[nodiscard]] TimePoint deadline(const Timeout& timeout) const;

  io::Worker& worker_;
  std::shared_ptr<Ring> ring_;
  RingServerConfig server_;
  std::shared_ptr<Wake> wake_;
  Ring::Pin pin_;
  Ring::Watcher watcher_;
  io::Scope scope_;
  io::Stream stream_;
  std::string batch_;
  std::string line_;
  std::uint64_t position_ = 0;  // behind what batch_ holds
  std::uint64_t messages_ = 0;
  std::uint64_t connections_ = 0;
  bool connected_ = false;
  bool waiting_ = false;
};

}  // namespace weir::log
