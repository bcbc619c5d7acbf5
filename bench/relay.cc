// relay: the floor. A bare edge-triggered epoll TCP relay that accepts, connects, and copies bytes both ways, with no
// configuration, no limits and no error handling worth the name. What it costs is what the kernel costs; a load
// balancer is measured by how little it adds.
//
//   relay LISTEN_PORT ORIGIN_PORT        (127.0.0.1 both)
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

struct End {
  int fd;
  End* peer;
};

char buffer[16384];

void watch(int epoll, End* end) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = end}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, end->fd, &event);
}

void accept_all(int epoll, int listener, const sockaddr_in& origin) {
  const int one = 1;
  for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
    const int out = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connect(out, reinterpret_cast<const sockaddr*>(&origin), sizeof origin);
    End* client = new End{fd, nullptr};  // never freed: an event already fetched may still point to it
    End* server = new End{out, client};
    client->peer = server;
    watch(epoll, client);
    watch(epoll, server);
  }
}

void close_both(End* end) {
  const linger reset{1, 0};  // close with RST: else a connection per request runs out of ports in TIME_WAIT
  for (End* each : {end, end->peer}) {
    setsockopt(each->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(each->fd);
    each->fd = -1;
  }
}

void copy(End* from) {
  while (from->fd >= 0) {
    const ssize_t got = recv(from->fd, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (got <= 0) return close_both(from);
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t put = send(from->peer->fd, buffer + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (put > 0) sent += put;
      if (put < 0 && errno != EAGAIN) break;
    }
    if (got < static_cast<ssize_t>(sizeof buffer)) return;
  }
}

sockaddr_in loopback(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: relay LISTEN_PORT ORIGIN_PORT\n");
    return 2;
  }
  const int one = 1;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in here = loopback(words[1]);
  const sockaddr_in origin = loopback(words[2]);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 || listen(listener, 4096) != 0) {
    std::perror("listen");
    return 1;
  }
  const int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  static epoll_event ready[256];
  for (;;) {
    const int got = epoll_wait(epoll, ready, 256, -1);
    for (int i = 0; i < got; ++i) {
      if (ready[i].data.ptr == nullptr) {
        accept_all(epoll, listener, origin);
      } else {
        copy(static_cast<End*>(ready[i].data.ptr));
      }
    }
  }
}
