#include "io/socket.h"

#include <fcntl.h>
#include <linux/netfilter_ipv4.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

namespace weir::io {

namespace {

constexpr int kOriginalDestination6 = 80;  // IP6T_SO_ORIGINAL_DST, whose header does not go with <netinet/in.h>

bool set_int(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

int domain_of(AddressFamily family) {
  switch (family) {
    case AddressFamily::ipv4: return AF_INET;
    case AddressFamily::ipv6: return AF_INET6;
    default: return AF_UNIX;
  }
}

int bind_to(int fd, const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0 ? 0 : errno;
}

bool set_transparent(int fd, AddressFamily family) {
  return family == AddressFamily::ipv6 ? set_int(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                                       : set_int(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

bool bind_to_interface(int fd, const std::string& name) {
  return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(), static_cast<socklen_t>(name.size() + 1)) == 0;
}

/// `mss -N` counts from what the kernel would use, which a fresh socket tells.
bool set_max_segment(int fd, int wanted) {
  if (wanted < 0) {
    int standard = 0;
    socklen_t length = sizeof standard;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &standard, &length) != 0) return false;
    wanted += standard;
  }
  return set_int(fd, IPPROTO_TCP, TCP_MAXSEG, wanted);
}

/// Local port 0 chosen at connect time, so that the kernel may share one port among many destinations.
void late_port(int fd) { static_cast<void>(set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)); }

// One starting point for all threads: two workers must not fight for the same port in the same order.
std::atomic<std::uint32_t> next_source_port{0};

int bind_in_range(int fd, SocketAddress source, std::uint16_t first, std::uint16_t last) {
  const std::uint32_t count = last < first ? 1U : static_cast<std::uint32_t>(last - first) + 1U;
  const std::uint32_t start = next_source_port.fetch_add(1, std::memory_order_relaxed);
  int error = EADDRINUSE;
  for (std::uint32_t i = 0; i < count; ++i) {
    source.set_port(static_cast<std::uint16_t>(first + (start + i) % count));
    error = bind_to(fd, source);
    if (error != EADDRINUSE) return error;
  }
  return error;
}

int bind_source(int fd, const SocketAddress& address, const ConnectOptions& options) {
  const SocketAddress& foreign = options.foreign_source;
  if (foreign.family() != AddressFamily::none) {
    if (!set_transparent(fd, foreign.family())) return errno;
    if (!set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return errno;
    if (foreign.port() == 0) late_port(fd);
    return bind_to(fd, foreign);
  }
  SocketAddress source = options.source;
  if (source.family() == AddressFamily::none) {
    if (options.first_port == 0) return 0;
    source = address.family() == AddressFamily::ipv6 ? SocketAddress::ipv6(in6addr_any, 0) : SocketAddress::ipv4(0, 0);
  }
  if (!set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return errno;
  if (options.first_port != 0) return bind_in_range(fd, source, options.first_port, options.last_port);
  if (source.port() == 0) late_port(fd);
  return bind_to(fd, source);
}

int prepare_connection(int fd, const SocketAddress& address, const ConnectOptions& options) {
  set_nodelay(fd, true);
  if (!options.interface.empty() && !bind_to_interface(fd, options.interface)) return errno;
  // Marks are a privilege; without it the connection is made all the same.
  if (options.mark) static_cast<void>(set_int(fd, SOL_SOCKET, SO_MARK, static_cast<int>(*options.mark)));
  if (options.tos) set_tos(fd, *options.tos);
  if (options.tcp_user_timeout.count() > 0 &&
      !set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.tcp_user_timeout.count()))) {
    return errno;
  }
  if (options.max_segment != 0 && !set_max_segment(fd, options.max_segment)) return errno;
  if (const auto kept = set_keepalive(fd, options.keepalive); !kept) return kept.error().os_error;
  if (options.tcp_fast_open && !set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)) return errno;
  if (options.quick_ack && !set_int(fd, IPPROTO_TCP, TCP_QUICKACK, *options.quick_ack ? 1 : 0)) return errno;
  if (options.receive_buffer > 0 && !set_int(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer)) return errno;
  if (options.send_buffer > 0 && !set_int(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer)) return errno;
  return bind_source(fd, address, options);
}

}  // namespace

IoResult<Fd> open_connection(const SocketAddress& address, const ConnectOptions& options) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  if (length == 0) return unexpected(IoError::from_errno(EAFNOSUPPORT, Side::server));
  if (address.path().size() >= kMaxUnixPath) return unexpected(IoError::from_errno(ENAMETOOLONG, Side::server));
  Fd fd(::socket(domain_of(address.family()), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unexpected(IoError::from_errno(errno, Side::server));
  if (address.is_inet()) {
    const int refused = prepare_connection(fd.get(), address, options);
    if (refused != 0) return unexpected(IoError::from_errno(refused, Side::server));
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 && errno != EINPROGRESS) {
    return unexpected(IoError::from_errno(errno, Side::server));
  }
  return fd;
}

IoResult<void> connect_again(int fd, const SocketAddress& address, std::optional<bool> quick_ack) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  if (length == 0) return unexpected(IoError::from_errno(EAFNOSUPPORT, Side::server));
  if (quick_ack && !set_int(fd, IPPROTO_TCP, TCP_QUICKACK, *quick_ack ? 1 : 0))
    return unexpected(IoError::from_errno(errno, Side::server));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&storage), length) != 0 && errno != EINPROGRESS)
    return unexpected(IoError::from_errno(errno, Side::server));
  return {};
}

bool disconnect(int fd) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  return ::connect(fd, &nobody, sizeof nobody) == 0;
}

IoResult<Fd> open_datagram(AddressFamily family) {
  Fd fd(::socket(domain_of(family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unexpected(IoError::from_errno(errno));
  return fd;
}

IoResult<Fd> connect_datagram(const SocketAddress& address) {
  auto fd = open_datagram(address.family());
  if (!fd) return fd;
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  if (length == 0) return unexpected(IoError::from_errno(EAFNOSUPPORT));
  if (address.path().size() >= kMaxUnixPath) return unexpected(IoError::from_errno(ENAMETOOLONG));
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return unexpected(IoError::from_errno(errno));
  }
  return fd;
}

IoResult<Fd> accept_connection(int listener, SocketAddress& peer) {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      peer = SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length);
      return Fd(fd);
    }
    if (errno == EAGAIN) {
      return unexpected(
          IoError{.kind = IoErrorKind::other, .side = Side::client, .retryable = true, .os_error = EAGAIN});
    }
    // accept(2): pending network errors of the new connection come out here; the next one may be fine.
    if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO && errno != ENETDOWN && errno != ENOPROTOOPT &&
        errno != EHOSTDOWN && errno != ENONET && errno != EHOSTUNREACH && errno != ENETUNREACH) {
      return unexpected(IoError::from_errno(errno, Side::client));
    }
  }
}

void set_nodelay(int fd, bool on) { static_cast<void>(set_int(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0)); }

void set_linger_reset(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
}

bool all_arrived(int fd) {
  int on_the_way = 0;
  return ::ioctl(fd, SIOCOUTQ, &on_the_way) == 0 && on_the_way == 0;
}

void silence(int fd, int ttl) {
  if (ttl == 0 && set_int(fd, IPPROTO_TCP, TCP_REPAIR, 1)) return;
  const int hops = ttl == 0 ? 1 : ttl;
  static_cast<void>(set_int(fd, IPPROTO_IP, IP_TTL, hops));
  static_cast<void>(set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops));
  set_linger_reset(fd);
}

IoResult<void> set_keepalive(int fd, const KeepaliveOptions& options) {
  if (!options.enabled) return {};
  if (!set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1) ||
      (options.count && !set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(*options.count))) ||
      (options.idle && !set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.idle->count()))) ||
      (options.interval && !set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.interval->count())))) {
    return unexpected(IoError::from_errno(errno));
  }
  return {};
}

void set_tos(int fd, std::uint8_t tos) {
  // An IPv6 socket may speak IPv4 too: set both, whichever the kernel takes.
  static_cast<void>(set_int(fd, IPPROTO_IP, IP_TOS, tos));
  static_cast<void>(set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, tos));
}

IoResult<void> set_mark(int fd, std::uint32_t mark) {
  if (!set_int(fd, SOL_SOCKET, SO_MARK, static_cast<int>(mark))) return unexpected(IoError::from_errno(errno));
  return {};
}

SocketAddress local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length);
}

SocketAddress peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length);
}

SocketAddress original_destination(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockopt(fd, IPPROTO_IP, SO_ORIGINAL_DST, &storage, &length) == 0 ||
      (length = sizeof storage, ::getsockopt(fd, IPPROTO_IPV6, kOriginalDestination6, &storage, &length) == 0)) {
    return SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), length);
  }
  return local_address(fd);
}

int socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

void shutdown_write(int fd) { static_cast<void>(::shutdown(fd, SHUT_WR)); }

IoResult<void> set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return unexpected(IoError::from_errno(errno));
  return {};
}

}  // namespace weir::io
