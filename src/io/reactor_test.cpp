#include "io/reactor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace weir::io {
namespace {

struct Ends {
  Fd a, b;
};

Ends pair_of_sockets() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

struct Seen {
  Reactor* reactor = nullptr;
  std::vector<std::uint32_t> events;
  Token token;
  Token victim;  // removed when this one is called
  bool again = false;
};

void note(void* object, std::uint32_t events) {
  auto* const seen = static_cast<Seen*>(object);
  seen->events.push_back(events);
  if (seen->victim) seen->reactor->remove(seen->victim);
  if (seen->again) seen->reactor->make_ready(seen->token, kReadable);
}

TEST(Reactor, OneEdgePerArrival) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  const auto token = reactor.add(ends.a.get(), &note, &seen);
  ASSERT_TRUE(token);
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 1U);  // writable from the start
  EXPECT_EQ(seen.events[0], kWritable);
  reactor.run_once(0);
  EXPECT_EQ(seen.events.size(), 1U);
  ASSERT_EQ(::write(ends.b.get(), "x", 1), 1);
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 2U);
  EXPECT_NE(seen.events[1] & kReadable, 0U);
}

TEST(Reactor, AConnectedSocketIsToldOfAsWritableOnceItWasNot) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  const auto token = reactor.add_connected(ends.a.get(), &note, &seen);
  ASSERT_TRUE(token);
  reactor.run_once(0);
  EXPECT_TRUE(seen.events.empty());
  const std::vector<char> bytes(65536);
  while (::write(ends.a.get(), bytes.data(), bytes.size()) > 0) {
  }
  reactor.watch_writable(*token);
  reactor.run_once(0);
  EXPECT_TRUE(seen.events.empty());
  std::vector<char> taken(65536);
  while (::read(ends.b.get(), taken.data(), taken.size()) > 0) {
  }
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 1U);
  EXPECT_EQ(seen.events[0], kWritable);
  reactor.watch_writable(*token);  // it is watched already: nothing
  reactor.run_once(0);
  EXPECT_EQ(seen.events.size(), 1U);
}

TEST(Reactor, WhatBecameWritableBeforeItWasWatchedIsTold) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  const auto token = reactor.add_connected(ends.a.get(), &note, &seen);
  ASSERT_TRUE(token);
  reactor.watch_writable(*token);
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 1U);
  EXPECT_EQ(seen.events[0], kWritable);
}

TEST(Reactor, DataAndEndArriveInOneEdge) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  ASSERT_TRUE(reactor.add(ends.a.get(), &note, &seen));
  ASSERT_EQ(::write(ends.b.get(), "x", 1), 1);
  ::shutdown(ends.b.get(), SHUT_WR);
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 1U);
  EXPECT_NE(seen.events[0] & kReadable, 0U);
  EXPECT_NE(seen.events[0] & kEndOfInput, 0U);
}

TEST(Reactor, EventOfADeadRegistrationIsIgnored) {
  Reactor reactor;
  Ends one = pair_of_sockets();
  Ends two = pair_of_sockets();
  Seen first{.reactor = &reactor};
  Seen second{.reactor = &reactor};
  first.token = *reactor.add(one.a.get(), &note, &first);
  second.token = *reactor.add(two.a.get(), &note, &second);
  first.victim = second.token;
  second.victim = first.token;
  EXPECT_EQ(reactor.run_once(0), 2);  // both fetched, whoever is first kills the other
  EXPECT_EQ(first.events.size() + second.events.size(), 1U);
  EXPECT_EQ(reactor.registrations(), 1U);
}

TEST(Reactor, ASlotIsReusedOnlyAfterTheBatchAndWithAnotherGeneration) {
  Reactor reactor;
  Ends one = pair_of_sockets();
  Ends two = pair_of_sockets();
  Seen seen;
  const Token old = *reactor.add(one.a.get(), &note, &seen);
  reactor.remove(old);
  const Token other = *reactor.add(one.a.get(), &note, &seen);
  EXPECT_NE(other.slot, old.slot);
  reactor.run_once(0);
  const Token reused = *reactor.add(two.a.get(), &note, &seen);
  EXPECT_EQ(reused.slot, old.slot);
  EXPECT_NE(reused.generation, old.generation);
  EXPECT_FALSE(reactor.alive(old));
  EXPECT_TRUE(reactor.alive(reused));
  seen.events.clear();
  reactor.make_ready(old, kReadable);
  EXPECT_FALSE(reactor.has_ready());
}

TEST(Reactor, ReadyListStaysReadyWithoutAnEdgeAndIsFair) {
  Reactor reactor;
  Ends one = pair_of_sockets();
  Ends two = pair_of_sockets();
  Seen greedy{.reactor = &reactor};
  Seen quiet{.reactor = &reactor};
  greedy.token = *reactor.add(one.a.get(), &note, &greedy);
  quiet.token = *reactor.add(two.a.get(), &note, &quiet);
  reactor.run_once(0);
  greedy.events.clear();
  quiet.events.clear();
  greedy.again = true;
  reactor.make_ready(greedy.token, kReadable);
  for (int turn = 1; turn <= 3; ++turn) {
    reactor.make_ready(quiet.token, kReadable);
    EXPECT_TRUE(reactor.has_ready());
    reactor.run_once(-1);                                             // does not sleep
    EXPECT_EQ(greedy.events.size(), static_cast<std::size_t>(turn));  // once a turn, however eager
    EXPECT_EQ(quiet.events.size(), static_cast<std::size_t>(turn));
  }
}

TEST(Reactor, AnEdgeForASocketOnTheReadyListIsOneCall) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  const Token token = *reactor.add(ends.a.get(), &note, &seen);
  reactor.make_ready(token, kReadable);
  reactor.run_once(0);
  ASSERT_EQ(seen.events.size(), 1U);
  EXPECT_EQ(seen.events[0], kReadable | kWritable);
}

TEST(Reactor, ADisabledRegistrationIsSilentAndComesBack) {
  Reactor reactor;
  Ends ends = pair_of_sockets();
  Seen seen;
  const Token token = *reactor.add_listener(ends.a.get(), &note, &seen);
  ASSERT_EQ(::write(ends.b.get(), "x", 1), 1);
  reactor.disable(token);
  reactor.run_once(0);
  EXPECT_TRUE(seen.events.empty());
  ASSERT_TRUE(reactor.enable(token));
  reactor.run_once(0);
  reactor.run_once(0);
  EXPECT_EQ(seen.events.size(), 2U);  // level-triggered: again and again
}

TEST(Reactor, RefusesWhatEpollRefuses) {
  Reactor reactor;
  Seen seen;
  EXPECT_FALSE(reactor.add(-1, &note, &seen));
  EXPECT_EQ(reactor.registrations(), 0U);
}

}  // namespace
}  // namespace weir::io
