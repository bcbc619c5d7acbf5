// open_listener: the sockets of bind lines. Every refusal names the address and the option, for a person reads it.
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <span>

#include "io/socket.h"

namespace weir::io {

namespace {

struct SocketOption {
  bool wanted;
  int level;
  int option;
  int value;
  const char* name;  // the user's word
};

tl::unexpected<Error> cannot(const SocketAddress& address, std::string_view what, int os_error) {
  return fail(fmt::format("cannot {} [{}]: {}", what, address.to_string(), system_message(os_error)));
}

Result<void> apply(int fd, const SocketAddress& address, std::span<const SocketOption> options) {
  for (const SocketOption& o : options) {
    if (o.wanted && ::setsockopt(fd, o.level, o.option, &o.value, sizeof o.value) != 0) {
      return cannot(address, fmt::format("set {} on", o.name), errno);
    }
  }
  return {};
}

Result<void> apply_inet(int fd, const SocketAddress& address, const ListenOptions& o) {
  const bool v6 = address.family() == AddressFamily::ipv6;
  const SocketOption before_bind[] = {
      {true, SOL_SOCKET, SO_REUSEADDR, 1, "address reuse"},
      {o.reuse_port, SOL_SOCKET, SO_REUSEPORT, 1, "port reuse"},
      {v6 && o.v6only, IPPROTO_IPV6, IPV6_V6ONLY, 1, "v6only"},
      {v6 && o.v4v6 && !o.v6only, IPPROTO_IPV6, IPV6_V6ONLY, 0, "v4v6"},
      {o.transparent && v6, IPPROTO_IPV6, IPV6_TRANSPARENT, 1, "transparent"},
      {o.transparent && !v6, IPPROTO_IP, IP_TRANSPARENT, 1, "transparent"},
  };
  if (auto done = apply(fd, address, before_bind); !done) return done;
  if (!o.interface.empty() && ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o.interface.c_str(),
                                           static_cast<socklen_t>(o.interface.size() + 1)) != 0) {
    return cannot(address, fmt::format("use interface '{}' for", o.interface), errno);
  }
  if (o.datagram) return {};
  int max_segment = o.max_segment;
  if (max_segment < 0) {
    int standard = 0;
    socklen_t length = sizeof standard;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &standard, &length) == 0) max_segment += standard;
  }
  const SocketOption stream[] = {
      {o.defer_accept, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1, "defer-accept"},
      {o.tcp_user_timeout.count() > 0, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(o.tcp_user_timeout.count()),
       "tcp-ut"},
      {o.save_syn != 0, IPPROTO_TCP, TCP_SAVE_SYN, o.save_syn, "tcp-ss"},
      {o.max_segment != 0, IPPROTO_TCP, TCP_MAXSEG, max_segment, "mss"},
      {o.quick_ack.has_value(), IPPROTO_TCP, TCP_QUICKACK, o.quick_ack.value_or(false) ? 1 : 0, "quick ack"},
      {o.tcp_fast_open, IPPROTO_TCP, TCP_FASTOPEN, o.backlog, "tfo"},
      // Accepted sockets inherit these: no system call per connection.
      {true, IPPROTO_TCP, TCP_NODELAY, 1, "no delay"},
      {o.receive_buffer > 0, SOL_SOCKET, SO_RCVBUF, o.receive_buffer, "receive buffer"},
      {o.send_buffer > 0, SOL_SOCKET, SO_SNDBUF, o.send_buffer, "send buffer"},
  };
  if (auto done = apply(fd, address, stream); !done) return done;
  if (const auto kept = set_keepalive(fd, o.keepalive); !kept)
    return cannot(address, "set keep-alive on", kept.error().os_error);
  return {};
}

Result<void> bind_socket(int fd, const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return cannot(address, "bind socket", errno);
  return {};
}

Result<void> listen_on(int fd, const SocketAddress& address, const ListenOptions& o) {
  if (!o.datagram && ::listen(fd, o.backlog) != 0) return cannot(address, "listen on", errno);
  return {};
}

/// Bound and listening under a name of its own first, with its mode and owner, then moved over the real one: a client
/// finds the old socket or the ready new one, never neither.
Result<Fd> open_unix_path(Fd fd, const SocketAddress& address, const ListenOptions& o) {
  const std::string& path = address.path();
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  if (path.empty() || temporary.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(fmt::format("cannot bind socket [{}]: the path must have 1 to {} characters", address.to_string(),
                            sizeof(sockaddr_un::sun_path) - 1 - (temporary.size() - path.size())));
  }
  ::unlink(temporary.c_str());  // left by a process of our number that died
  const SocketAddress at_first = SocketAddress::unix_path(temporary);
  if (auto bound = bind_socket(fd.get(), at_first); !bound) return unexpected(bound.error());
  const char* failed = nullptr;
  if (o.mode && ::chmod(temporary.c_str(), *o.mode) != 0) {
    failed = "set the mode of";
  } else if ((o.owner || o.group) && ::chown(temporary.c_str(), o.owner.value_or(static_cast<uid_t>(-1)),
                                             o.group.value_or(static_cast<gid_t>(-1))) != 0) {
    failed = "set the owner of";
  } else if (!o.datagram && ::listen(fd.get(), o.backlog) != 0) {
    failed = "listen on";
  } else if (::rename(temporary.c_str(), path.c_str()) != 0) {
    failed = "rename the socket to";
  }
  if (failed == nullptr) return fd;
  const int os_error = errno;
  ::unlink(temporary.c_str());
  return cannot(address, failed, os_error);
}

Result<Fd> adopt(const SocketAddress& address, const ListenOptions& o) {
  int listening = 0;
  socklen_t length = sizeof listening;
  if (::getsockopt(address.fd(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0) {
    return cannot(address, "use inherited socket", errno);
  }
  if (listening == 0 && !o.datagram) {
    return fail(fmt::format("cannot use inherited socket [{}]: it is not listening", address.to_string()));
  }
  Fd fd(::fcntl(address.fd(), F_DUPFD_CLOEXEC, 3));
  if (!fd) return cannot(address, "duplicate inherited socket", errno);
  if (const auto set = set_nonblocking(fd.get()); !set)
    return cannot(address, "set non-blocking", set.error().os_error);
  return fd;
}

}  // namespace

Result<Fd> open_listener(const SocketAddress& address, const ListenOptions& o) {
  if (address.family() == AddressFamily::fd) return adopt(address, o);
  if (address.family() == AddressFamily::none) return fail("cannot bind a socket without an address");
  if (address.path().size() >= kMaxUnixPath) return cannot(address, "bind socket", ENAMETOOLONG);
  const int domain = address.is_unix() ? AF_UNIX : (address.family() == AddressFamily::ipv6 ? AF_INET6 : AF_INET);
  Fd fd(::socket(domain, (o.datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return cannot(address, "create socket for", errno);
  if (address.family() == AddressFamily::unix_path) return open_unix_path(std::move(fd), address, o);
  if (address.is_inet()) {
    if (auto done = apply_inet(fd.get(), address, o); !done) return unexpected(done.error());
  }
  if (auto done = bind_socket(fd.get(), address); !done) return unexpected(done.error());
  if (auto done = listen_on(fd.get(), address, o); !done) return unexpected(done.error());
  return fd;
}

void adjust_listener(int fd, const SocketAddress& address, const ListenOptions& o) {
  ::listen(fd, o.backlog);
  if (!address.is_inet()) return;
  // Unlike at opening, what is no longer wanted is switched off.
  const SocketOption all[] = {
      {true, IPPROTO_TCP, TCP_DEFER_ACCEPT, o.defer_accept ? 1 : 0, ""},
      {true, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(o.tcp_user_timeout.count()), ""},
      {true, IPPROTO_TCP, TCP_SAVE_SYN, o.save_syn, ""},
      {o.max_segment > 0, IPPROTO_TCP, TCP_MAXSEG, o.max_segment, ""},
      {o.quick_ack.has_value(), IPPROTO_TCP, TCP_QUICKACK, o.quick_ack.value_or(true) ? 1 : 0, ""},
      {true, SOL_SOCKET, SO_KEEPALIVE, o.keepalive.enabled ? 1 : 0, ""},
      {true, IPPROTO_TCP, TCP_FASTOPEN, o.tcp_fast_open ? o.backlog : 0, ""},
      {o.receive_buffer != 0, SOL_SOCKET, SO_RCVBUF, o.receive_buffer, ""},
      {o.send_buffer != 0, SOL_SOCKET, SO_SNDBUF, o.send_buffer, ""},
  };
  for (const SocketOption& option : all) static_cast<void>(apply(fd, address, {&option, 1}));
  static_cast<void>(set_keepalive(fd, o.keepalive));
}

}  // namespace weir::io
