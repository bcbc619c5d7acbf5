// Sockets: what bind and server lines may ask of them, and the few calls everybody needs. Manual 5.1 (bind), 5.2
// (server).
//
// Errors while opening are read by a person (Error, with the address and the option that failed) for listeners, and
// decided on by a program (IoError) for connections. All sockets are non-blocking and close-on-exec.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "io/error.h"
#include "io/fd.h"

namespace weir::io {

/// SO_KEEPALIVE and its three figures; absent ones are the kernel's.
struct KeepaliveOptions {
  bool enabled = false;
  std::optional<unsigned> count;
  std::optional<std::chrono::seconds> idle;
  std::optional<std::chrono::seconds> interval;
  friend bool operator==(const KeepaliveOptions&, const KeepaliveOptions&) = default;
};

/// A Unix path or abstract name must be shorter; sockaddr_un has no room for more.
constexpr std::size_t kMaxUnixPath = 108;

struct ListenOptions {
  int backlog = 1024;
  std::string interface;            // SO_BINDTODEVICE
  bool v6only = false;              // `v6only`
  bool v4v6 = false;                // `v4v6`; neither: the kernel's default
  bool tcp_fast_open = false;       // `tfo`
  bool defer_accept = false;        // TCP_DEFER_ACCEPT
  Milliseconds tcp_user_timeout{};  // `tcp-ut`; 0: unset
  int save_syn = 0;                 // `tcp-ss`: 1 the IP and TCP headers of the first packet, 2 Ethernet's too
  int max_segment = 0;              // `mss`; negative: the default minus that many
  bool transparent = false;         // IP_TRANSPARENT
  bool reuse_port = true;           // SO_REUSEPORT
  std::optional<mode_t> mode;       // Unix path: file mode, owner, group
  std::optional<uid_t> owner;
  std::optional<gid_t> group;
  KeepaliveOptions keepalive;     // set on the listener; accepted sockets inherit it
  bool datagram = false;          // a bound datagram socket instead (log forwarding): never listens
  std::optional<bool> quick_ack;  // TCP_QUICKACK
  int receive_buffer = 0;         // SO_RCVBUF, SO_SNDBUF of accepted sockets; 0: the kernel's
  int send_buffer = 0;
  friend bool operator==(const ListenOptions&, const ListenOptions&) = default;
};

/// A listening socket. A Unix path is bound under a temporary name and renamed over a stale one, so the path always
/// answers. fd@N: a duplicate of an inherited descriptor, which must be listening.
Result<Fd> open_listener(const SocketAddress& address, const ListenOptions& options);
/// Sets on a running listener what a changed `bind` line says, as far as it can change: everything but the address,
/// interface, family, transparency, mode and owner. What the kernel refuses stays as it was.
void adjust_listener(int fd, const SocketAddress& address, const ListenOptions& options);

/// `source` with `usesrc`: whose address the connection pretends to come from.
struct ConnectOptions {
  SocketAddress source;          // family none: the kernel chooses
  std::uint16_t first_port = 0;  // source port range; 0: the kernel chooses
  std::uint16_t last_port = 0;
  std::string interface;
  SocketAddress foreign_source;  // `usesrc`: bound with IP_TRANSPARENT instead of `source`; its port 0: any
  Milliseconds tcp_user_timeout{};
  KeepaliveOptions keepalive;
  int max_segment = 0;
  bool tcp_fast_open = false;
  std::optional<std::uint8_t> tos;
  std::optional<std::uint32_t> mark;
  std::optional<bool> quick_ack;  // TCP_QUICKACK
  int receive_buffer = 0;         // SO_RCVBUF, SO_SNDBUF; 0: the kernel's
  int send_buffer = 0;
  friend bool operator==(const ConnectOptions&, const ConnectOptions&) = default;
};

/// A connecting (or, Unix, connected) socket with TCP_NODELAY. Wait for EPOLLOUT, then ask socket_error().
IoResult<Fd> open_connection(const SocketAddress& address, const ConnectOptions& options = {});
/// The same with a TCP socket of the address's family that disconnect() left. Its options are those it was made with.
IoResult<void> connect_again(int fd, const SocketAddress& address, std::optional<bool> quick_ack);
/// Resets a TCP connection; the socket can be connected again. False: it cannot.
bool disconnect(int fd);
/// An unconnected datagram socket of the family, or one connected to `address`.
IoResult<Fd> open_datagram(AddressFamily family);
IoResult<Fd> connect_datagram(const SocketAddress& address);

/// accept4; the error's kind tells what to do: other with EAGAIN in os_error means "no more".
IoResult<Fd> accept_connection(int listener, SocketAddress& peer);

void set_nodelay(int fd, bool on);
/// close() will send RST instead of FIN, and leave no TIME_WAIT.
void set_linger_reset(int fd);
/// Whether the peer's system has acknowledged all that was sent: a reset loses nothing then.
[[nodiscard]] bool all_arrived(int fd);
/// Closing the connected socket will tell its peer nothing. `ttl` other than 0: it will send a reset that lives for so
/// many hops; 0: TCP_REPAIR, or where the system forbids that a reset of one hop.
void silence(int fd, int ttl);
IoResult<void> set_keepalive(int fd, const KeepaliveOptions& options);
void set_tos(int fd, std::uint8_t tos);
IoResult<void> set_mark(int fd, std::uint32_t mark);
/// The address accept/connect used. Family none when the kernel will not say.
SocketAddress local_address(int fd);
SocketAddress peer_address(int fd);
/// The destination before netfilter redirected the connection, else local_address().
SocketAddress original_destination(int fd);
/// SO_ERROR, which reading clears: 0 is none.
int socket_error(int fd);
void shutdown_write(int fd);
IoResult<void> set_nonblocking(int fd);

}  // namespace weir::io
