#include "io/spare_sockets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "io/socket.h"
#include "io/worker.h"

namespace weir::io {
namespace {

struct Owner {
  std::vector<std::uint32_t> events;
};

void note(void* object, std::uint32_t events) { static_cast<Owner*>(object)->events.push_back(events); }

class SpareSocketsTest : public testing::Test {
 protected:
  SpareSocketsTest()
      : worker_({.clock = &clock_}), listener_(std::move(*open_listener(SocketAddress::ipv4(0x7f000001, 0), {}))) {}

  struct Connection {
    Fd client;
    Token token;
    Fd server;
  };

  Fd accepted() {
    Fd server;
    for (int i = 0; i < 100 && !server; i++) {
      worker_.run_once(1);
      SocketAddress peer;
      if (auto one = accept_connection(listener_.get(), peer)) server = std::move(*one);
    }
    return server;
  }

  Connection connect() {
    Fd client = std::move(*open_connection(local_address(listener_.get())));
    const auto token = worker_.reactor().add(client.get(), &note, &owner_);
    Fd server = accepted();
    worker_.run_once(0);
    return {std::move(client), *token, std::move(server)};
  }

  void reset(Connection& connection) {
    spares_.reset(connection.client.release(), connection.token, AddressFamily::ipv4);
  }

  // Tells the worker all that has happened.
  void turns() {
    for (int i = 0; i < 3; i++) worker_.run_once(0);
  }

  FakeClock clock_;
  Worker worker_;
  SpareSockets& spares_ = worker_.spare_sockets();
  Fd listener_;
  Owner owner_;
};

TEST_F(SpareSocketsTest, ResetsTheConnection) {
  Connection one = connect();
  reset(one);
  char byte = 0;
  EXPECT_EQ(::recv(one.server.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(SpareSocketsTest, TheNextConnectionHasTheSameSocketAndWorks) {
  Connection one = connect();
  const int fd = one.client.get();
  const std::size_t registrations = worker_.reactor().registrations();
  ASSERT_EQ(::send(one.server.get(), "old", 3, 0), 3);
  reset(one);
  turns();
  auto again = spares_.take(AddressFamily::ipv4);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->fd.get(), fd);
  EXPECT_EQ(spares_.count(), 0U);
  Owner next;
  owner_.events.clear();
  worker_.reactor().rebind(again->token, &note, &next);
  ASSERT_TRUE(connect_again(fd, local_address(listener_.get()), std::nullopt));
  Fd server = accepted();
  ASSERT_TRUE(server);
  EXPECT_EQ(worker_.reactor().registrations(), registrations);
  ASSERT_FALSE(next.events.empty());
  for (const std::uint32_t events : next.events) EXPECT_EQ(events & (EPOLLHUP | EPOLLERR | EPOLLIN), 0U);
  EXPECT_NE(next.events.back() & kWritable, 0U);
  EXPECT_TRUE(owner_.events.empty());
  EXPECT_EQ(socket_error(fd), 0);
  next.events.clear();
  ASSERT_EQ(::send(fd, "hello", 5, 0), 5);
  char bytes[8];
  ASSERT_EQ(::recv(server.get(), bytes, sizeof bytes, 0), 5);
  ASSERT_EQ(::send(server.get(), "new", 3, 0), 3);
  worker_.run_once(100);
  ASSERT_EQ(next.events.size(), 1U);
  EXPECT_NE(next.events[0] & kReadable, 0U);
  EXPECT_EQ(::recv(fd, bytes, sizeof bytes, 0), 3);  // and nothing of the old connection
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
}

TEST_F(SpareSocketsTest, TheFirstBytesTakeTheHandshakesEndAlong) {
  Connection one = connect();
  reset(one);
  turns();
  auto again = spares_.take(AddressFamily::ipv4);
  ASSERT_TRUE(again);
  Owner next;
  worker_.reactor().rebind(again->token, &note, &next);
  ASSERT_TRUE(connect_again(again->fd.get(), local_address(listener_.get()), false));
  worker_.run_once(100);
  ASSERT_FALSE(next.events.empty());
  EXPECT_EQ(next.events.back(), kWritable);
  ASSERT_EQ(::send(again->fd.get(), "hello", 5, 0), 5);
  const Fd server = accepted();
  ASSERT_TRUE(server);
  char bytes[8];
  EXPECT_EQ(::recv(server.get(), bytes, sizeof bytes, 0), 5);
}

TEST_F(SpareSocketsTest, NotBeforeItsLastEventIsSeen) {
  Connection one = connect();
  reset(one);
  EXPECT_EQ(spares_.count(), 1U);
  EXPECT_FALSE(spares_.take(AddressFamily::ipv4));
  turns();
  EXPECT_FALSE(spares_.take(AddressFamily::ipv6));
  EXPECT_TRUE(spares_.take(AddressFamily::ipv4));
}

TEST_F(SpareSocketsTest, AnEventOfTheSameBatchIsNotTheLast) {
  Connection one = connect();
  Connection two = connect();
  // Both ends leave: both events are in the batch in which the first one's owner resets the two.
  struct Reset {
    SpareSockets& spares;
    std::vector<Connection*> them;
  } both{spares_, {&one, &two}};
  for (Connection* connection : both.them) {
    worker_.reactor().rebind(
        connection->token,
        [](void* object, std::uint32_t) {
          auto& all = *static_cast<Reset*>(object);
          for (Connection* each : all.them) all.spares.reset(each->client.release(), each->token, AddressFamily::ipv4);
          all.them.clear();
        },
        &both);
    set_linger_reset(connection->server.get());
    connection->server = Fd();
  }
  worker_.run_once(100);
  EXPECT_EQ(spares_.count(), 2U);
  EXPECT_FALSE(spares_.take(AddressFamily::ipv4));
  turns();
  EXPECT_TRUE(spares_.take(AddressFamily::ipv4));
  EXPECT_TRUE(spares_.take(AddressFamily::ipv4));
}

TEST_F(SpareSocketsTest, WhatNobodyNeedsIsClosed) {
  Connection one = connect();
  Connection two = connect();
  const std::size_t before = worker_.reactor().registrations();
  reset(one);
  reset(two);
  turns();
  const auto second_passes = [&] {
    clock_.advance(Milliseconds(1001));
    worker_.run_once(0);
  };
  second_passes();  // both were ready from here on
  EXPECT_EQ(spares_.count(), 2U);
  ASSERT_TRUE(spares_.take(AddressFamily::ipv4));  // one was needed
  EXPECT_EQ(spares_.count(), 1U);
  second_passes();
  EXPECT_EQ(spares_.count(), 0U);
  EXPECT_EQ(worker_.reactor().registrations(), before - 1);
}

TEST_F(SpareSocketsTest, NoMoreThanAreEnough) {
  for (std::size_t i = 0; i < SpareSockets::kMost + 5; i++) {
    Connection one = connect();
    reset(one);
  }
  EXPECT_EQ(spares_.count(), SpareSockets::kMost);
}

TEST_F(SpareSocketsTest, ARefusedConnectionSaysSo) {
  Connection one = connect();
  const SocketAddress address = local_address(listener_.get());
  reset(one);
  turns();
  listener_ = Fd();
  auto again = spares_.take(AddressFamily::ipv4);
  ASSERT_TRUE(again);
  Owner next;
  worker_.reactor().rebind(again->token, &note, &next);
  if (const auto refused = connect_again(again->fd.get(), address, false); !refused) {
    EXPECT_EQ(refused.error().os_error, ECONNREFUSED);
    return;
  }
  worker_.run_once(100);
  ASSERT_FALSE(next.events.empty());
  EXPECT_NE(next.events.back() & EPOLLERR, 0U);
  EXPECT_EQ(socket_error(again->fd.get()), ECONNREFUSED);
}

}  // namespace
}  // namespace weir::io
