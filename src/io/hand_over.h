// Handing listening sockets from one process to the next: what `-x` asks for and `expose-fd listeners` allows.
//
// The asking side sends the command "_getsocks" over the runtime socket. The answer is the number of sockets as a
// native 32-bit integer, then messages of up to 252 descriptors (SCM_RIGHTS) whose bytes describe each: the name of its
// network namespace and of its interface, each behind a byte of length, and 32 bits that are 0. Between two messages
// the asking side sends one byte. Observed on HAProxy 2.6, so that each of the two programs can take over from the
// other. Manual: management 3 (-x), 5.1 (expose-fd).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "io/fd.h"
#include "io/socket.h"

namespace weir::io {

inline constexpr std::string_view kHandOverCommand = "_getsocks";
inline constexpr std::size_t kHandedAtOnce = 252;
/// More than any process has listeners: what claims more is no such answer.
inline constexpr std::uint32_t kMostHanded = 1U << 17;

struct HandedSocket {
  Fd socket;
  std::string interface;
};

/// The number in front, as bytes.
std::string handed_count(std::uint32_t count);
/// One message of up to kHandedAtOnce sockets. Does not wait: the receiver has read all that came before.
Result<void> send_handed(int to, std::span<const HandedSocket> batch);

/// What the former process handed over, until somebody wants to listen there.
class InheritedSockets {
 public:
  InheritedSockets() = default;
  explicit InheritedSockets(std::vector<HandedSocket> handed);

  /// Asks the process behind this runtime socket. Blocking, `patience` at most for each answer.
  static Result<InheritedSockets> ask(const SocketAddress& runtime_socket, Milliseconds patience);

  /// All that listen on this address with this interface and family, non-blocking, and no longer kept here.
  std::vector<Fd> take(const SocketAddress& address, const ListenOptions& options);
  [[nodiscard]] std::size_t size() const { return sockets_.size(); }
  /// Closes what nobody wanted.
  void clear() { sockets_.clear(); }

 private:
  struct Kept {
    Fd socket;
    SocketAddress address;
    std::string interface;
  };
  std::vector<Kept> sockets_;
};

}  // namespace weir::io
