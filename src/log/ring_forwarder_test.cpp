#include "log/ring_forwarder.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <thread>

#include "io/socket.h"
#include "io/worker.h"

namespace weir::log {
namespace {

class RingForwarderTest : public testing::Test {
 protected:
  RingForwarderTest() {
    auto opened = io::open_listener(SocketAddress::ipv4(0x7f000001, 0), {});
    EXPECT_TRUE(opened);
    if (opened) listener_ = std::move(*opened);
    address_ = io::local_address(listener_.get());
  }

  /// Turns until the condition holds; every turn waits for events, at most 10 ms.
  template <class F>
  bool turn_until(F&& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      worker_.run_once(10);
      clock_.advance(Milliseconds(1));  // waking a stream takes a tick of the clock
    }
    return condition();
  }
  /// Turns until a connection was accepted.
  io::Fd accepted() {
    io::Fd connection;
    EXPECT_TRUE(turn_until([&] {
      SocketAddress peer;
      auto got = io::accept_connection(listener_.get(), peer);
      if (got) connection = std::move(*got);
      return connection.valid();
    }));
    return connection;
  }
  std::string received(const io::Fd& connection, std::size_t wanted) {
    std::string all;
    EXPECT_TRUE(turn_until([&] {
      char buffer[4096];
      const ssize_t got = recv(connection.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
      return all.size() >= wanted;
    })) << all;
    return all;
  }
  std::unique_ptr<RingForwarder> forwarder(bool octet_count) {
    auto made = std::make_unique<RingForwarder>(
        worker_, ring_, RingServerConfig{.name = "s", .address = address_, .octet_count = octet_count});
    made->start();
    return made;
  }

  io::FakeClock clock_;
  io::Worker worker_{io::WorkerOptions{.clock = &clock_}};
  std::shared_ptr<Ring> ring_ = std::make_shared<Ring>(RingConfig{.name = "r", .size = 4096});
  io::Fd listener_;
  SocketAddress address_;
};

TEST_F(RingForwarderTest, SendsWhatIsThereAndWhatComes) {
  ring_->append("before");
  const auto forwarding = forwarder(false);
  const io::Fd connection = accepted();
  EXPECT_EQ(received(connection, 7), "before\n");
  ring_->append("after");
  EXPECT_EQ(received(connection, 6), "after\n");
  EXPECT_EQ(forwarding->messages(), 2U);
}

TEST_F(RingForwarderTest, OctetCounting) {
  ring_->append("one");
  ring_->append("line\nfeed");
  const auto forwarding = forwarder(true);
  const io::Fd connection = accepted();
  EXPECT_EQ(received(connection, 16), "3 one9 line\nfeed");
}

TEST_F(RingForwarderTest, ConnectsAgainAfterAPauseAndLosesNothing) {
  const auto forwarding = forwarder(false);
  {
    const io::Fd connection = accepted();
    ring_->append("one");
    EXPECT_EQ(received(connection, 4), "one\n");
  }
  EXPECT_TRUE(turn_until([&] { return !forwarding->connected(); }));
  ring_->append("two");
  for (int i = 0; i < 5; ++i) worker_.run_once(0);
  EXPECT_EQ(forwarding->connections(), 1U);
  clock_.advance(kReconnectPause);
  const io::Fd connection = accepted();
  EXPECT_EQ(received(connection, 4), "two\n");
}

TEST_F(RingForwarderTest, ARefusedConnectionIsTriedAgain) {
  listener_.reset();
  const auto forwarding = forwarder(false);
  ring_->append("one");
  for (int i = 0; i < 20; ++i) worker_.run_once(1);
  EXPECT_EQ(forwarding->connections(), 0U);
  auto opened = io::open_listener(address_, {});
  ASSERT_TRUE(opened);
  listener_ = std::move(*opened);
  clock_.advance(kReconnectPause);
  const io::Fd connection = accepted();
  EXPECT_EQ(received(connection, 4), "one\n");
}

TEST_F(RingForwarderTest, WhatTheServerSaysIsIgnored) {
  const auto forwarding = forwarder(false);
  const io::Fd connection = accepted();
  EXPECT_TRUE(turn_until([&] { return forwarding->connected(); }));
  ASSERT_EQ(send(connection.get(), "hello", 5, MSG_NOSIGNAL), 5);
  for (int i = 0; i < 5; ++i) worker_.run_once(1);
  ring_->append("one");
  EXPECT_EQ(received(connection, 4), "one\n");
  EXPECT_EQ(forwarding->connections(), 1U);
}

TEST_F(RingForwarderTest, ASilentServerFillsTheRingAndThenCounts) {
  const auto forwarding = forwarder(false);
  listener_.reset();  // connected perhaps, never read
  for (int i = 0; i < 100; ++i) ring_->append(std::string(100, 'x'));
  EXPECT_GT(ring_->dropped(), 0U);
}

TEST_F(RingForwarderTest, LinesFromOtherThreads) {
  const auto forwarding = forwarder(false);
  const io::Fd connection = accepted();
  std::thread writer([this] {
    for (int i = 0; i < 20; ++i) ring_->append("line");
  });
  const std::string all = received(connection, 100);
  writer.join();
  EXPECT_EQ(all.size(), 100U);
}

TEST_F(RingForwarderTest, MayEndWhileAWakeUpIsUnderWay) {
  auto forwarding = forwarder(false);
  const io::Fd connection = accepted();
  EXPECT_TRUE(turn_until([&] { return forwarding->connected(); }));
  for (int i = 0; i < 3; ++i) worker_.run_once(1);
  ring_->append("one");
  forwarding.reset();
  for (int i = 0; i < 3; ++i) worker_.run_once(1);
}

}  // namespace
}  // namespace weir::log
