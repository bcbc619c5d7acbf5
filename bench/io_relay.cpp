// io_relay: the bare TCP relay on weir's reactor, to show what the reactor itself costs.
//
// It moves bytes exactly as the plainest epoll relay does (one recv, one send, edge-triggered), so the difference
// between the two is the registration table, the generation check and the ready list. Compare CPU per request, in one
// run, alternating.
//
//   clang++-19 -O2 -std=c++23 -D_GNU_SOURCE -Isrc -o io_relay bench/io_relay.cpp src/io/*.cpp (without tests)
//   src/base/*.cpp -lfmt io_relay LISTEN_PORT ORIGIN_PORT        (127.0.0.1 both)
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "io/acceptor.h"
#include "io/reactor.h"
#include "io/socket.h"
#include "io/worker.h"

using namespace weir;

namespace {

struct Pair;
struct End {
  int fd = -1;
  io::Token token;
  End* peer = nullptr;
  Pair* pair = nullptr;
};
struct Pair {
  io::Worker* worker = nullptr;
  End client, server;
};
struct Relay {
  io::Worker* worker = nullptr;
  SocketAddress origin;
};

void end(Pair* pair) {
  for (End* e : {&pair->client, &pair->server}) {
    io::set_linger_reset(e->fd);
    pair->worker->reactor().forget(e->token);
    ::close(e->fd);
  }
  delete pair;
}

void on_event(void* object, std::uint32_t events) {
  End* const from = static_cast<End*>(object);
  if ((events & (io::kReadable | io::kEndOfInput)) == 0) return;
  const auto buffer = from->pair->worker->scratch();
  for (;;) {
    const ssize_t got = ::recv(from->fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (got <= 0) return end(from->pair);
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t put =
          ::send(from->peer->fd, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (put > 0) {
        sent += put;
      } else if (errno != EAGAIN) {
        break;
      }
    }
    if (static_cast<std::size_t>(got) < buffer.size() && (events & io::kEndOfInput) == 0) return;
  }
}

void accepted(void* object, io::Fd client, const SocketAddress&) {
  auto* const relay = static_cast<Relay*>(object);
  auto server = io::open_connection(relay->origin);
  if (!server) return;
  auto* const pair = new Pair{.worker = relay->worker};
  io::set_nodelay(client.get(), true);
  pair->client = {.fd = client.release(), .peer = &pair->server, .pair = pair};
  pair->server = {.fd = server->release(), .peer = &pair->client, .pair = pair};
  for (End* e : {&pair->client, &pair->server}) e->token = relay->worker->reactor().add(e->fd, &on_event, e).value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: io_relay LISTEN_PORT ORIGIN_PORT\n"), 2;
  const auto port = [&](int i) { return static_cast<std::uint16_t>(std::atoi(argv[i])); };
  io::Worker worker;
  Relay relay{&worker, SocketAddress::ipv4(INADDR_LOOPBACK, port(2))};
  auto listener = io::open_listener(SocketAddress::ipv4(INADDR_LOOPBACK, port(1)), {.backlog = 4096});
  if (!listener) return std::fprintf(stderr, "%s\n", listener.error().message.c_str()), 1;
  io::Acceptor acceptor(worker, std::move(*listener), &accepted, &relay);
  if (!acceptor.start()) return 1;
  worker.run();
  return 0;
}
