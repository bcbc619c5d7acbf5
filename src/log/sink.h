// Where log lines leave the process: a datagram socket, a descriptor or a ring; shared by all log lines that name it.
//
// Sending never blocks: what the kernel does not take at once is dropped and counted. A datagram sink whose receiver is
// gone (syslogd restarts, /dev/log does not exist yet) is connected anew at most once per kReconnectInterval; between
// two attempts its lines are counted as dropped without a system call. Sockets are made and connected by open(), before
// the process changes its root; a path that vanishes afterwards is found again only where it is visible, or through
// adopt_socket(). Any worker may send at any time: the socket itself is the meeting point, the rest is atomics.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "io/fd.h"
#include "io/opener.h"
#include "log/ring.h"
#include "log/target.h"

namespace weir::log {

inline constexpr std::chrono::milliseconds kReconnectInterval{1000};

/// What `debug` may write to without a section of that name.
inline constexpr std::string_view kDebugRing = "buf0";
inline constexpr std::string_view kStandardOut = "stdout";
inline constexpr std::string_view kStandardError = "stderr";
constexpr bool is_standing_sink(std::string_view name) {
  return name == kDebugRing || name == kStandardOut || name == kStandardError;
}

/// One finished line: up to three pieces that together are it, the line feed included.
struct LinePieces {
  iovec pieces[3];
  std::uint32_t count = 0;
  [[nodiscard]] std::size_t size() const;
};

class Sink {
 public:
  enum class Kind : std::uint8_t { datagram, fd, ring };

  /// Connects at once; that nobody answers there is no error (it is tried again later), that no socket can be made is.
  static Result<std::shared_ptr<Sink>> open_datagram(const SocketAddress& address, io::Opener* opener = nullptr);
  static std::shared_ptr<Sink> open_fd(int fd);
  static std::shared_ptr<Sink> open_ring(std::shared_ptr<Ring> ring);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] const std::shared_ptr<Ring>& ring() const { return ring_; }
  /// "udp:127.0.0.1:514", "/dev/log", "fd@1", "ring@name": for statistics and messages.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Sends in order as far as the kernel takes it; counts the rest as dropped. Returns the number sent.
  std::size_t send(std::span<const LinePieces> lines, TimePoint now);

  [[nodiscard]] std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool connected() const { return connected_.load(std::memory_order_relaxed); }

  /// Puts a socket connected elsewhere (by the privileged opener) in the place of the own one, same number, atomically.
  [[nodiscard]] bool adopt_socket(const io::Fd& connected);
  /// Where a datagram sink sends to.
  [[nodiscard]] const SocketAddress& address() const { return address_; }

 private:
  Sink(Kind kind, std::string name) : kind_(kind), name_(std::move(name)) {}
  std::size_t send_datagrams(std::span<const LinePieces> lines, TimePoint now);
  std::size_t send_stream(std::span<const LinePieces> lines);
  bool write_line(const LinePieces& line);
  std::size_t append_to_ring(std::span<const LinePieces> lines);
  bool reconnect(TimePoint now);

  Kind kind_;
  std::string name_;
  SocketAddress address_;
  std::shared_ptr<Ring> ring_;
  io::Fd socket_;  // our own; empty when the descriptor belongs to somebody else
  int fd_ = -1;
  bool is_socket_ = false;
  bool must_poll_ = false;  // a blocking descriptor that could not be reopened: ask before each write
  std::atomic<bool> connected_ = false;
  std::atomic<bool> line_cut_ = false;          // the last stream write ended inside a line
  std::atomic<std::int64_t> next_attempt_ = 0;  // steady clock, nanoseconds
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

/// Makes the targets of a configuration, reusing sinks of the same address and rings by name. Lives as long as the
/// process; used by the thread that applies plans. Sinks nobody uses any more close when forget_unused() is called.
class Sinks {
 public:
  /// Unix sockets are opened through it from now on, so that their paths are found after `chroot`.
  void use_opener(io::Opener* opener) { opener_ = opener; }
  /// The ring must have been added before. `send_hostname` decides the default format.
  Result<std::shared_ptr<Target>> make_target(const TargetConfig& config, bool send_hostname);
  /// Adds a configured ring or finds the unchanged one; a changed config replaces it (its contents go).
  std::shared_ptr<Ring> ring(const RingConfig& config);
  [[nodiscard]] std::shared_ptr<Ring> find_ring(std::string_view name) const;
  /// Configured and implicit rings, in the order they were made.
  [[nodiscard]] std::vector<std::shared_ptr<Ring>> rings() const;
  void forget_unused();
  /// What there is now; put_back() takes away what was made since, for a configuration that was refused after all.
  struct Kept {
    std::vector<std::shared_ptr<Sink>> sinks;
    std::vector<std::shared_ptr<Ring>> rings;
  };
  [[nodiscard]] Kept keep() const;
  void put_back(const Kept& kept);
  /// Looks through the opener for the receivers of Unix sinks that lost theirs. Blocks for a moment: not for workers.
  void reconnect_lost();
  /// Of all sinks alive.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  Result<std::shared_ptr<Sink>> sink_for(const TargetConfig& config, Format format);
  std::shared_ptr<Ring> implicit_ring(const TargetConfig& config, Format format);
  io::Opener* opener_ = nullptr;
  std::uint64_t implicit_rings_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Sink>> sinks_;
  std::vector<std::shared_ptr<Ring>> rings_;
};

}  // namespace weir::log
