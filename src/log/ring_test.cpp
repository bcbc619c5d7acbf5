#include "log/ring.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace weir::log {
namespace {

std::vector<std::string> contents(const Ring& ring, std::uint64_t position = 0) {
  std::vector<std::string> lines;
  std::string line;
  while (ring.read(position, line)) lines.push_back(line);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Ring, KeepsTheNewestLines) {
  Ring ring({.name = "r", .maxlen = 16, .size = 40});  // three records of 4 + 8 bytes fit
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(ring.append("message" + std::to_string(i)));
  EXPECT_EQ(contents(ring), (Lines{"message7", "message8", "message9"}));
  EXPECT_EQ(ring.dropped(), 0U);
  EXPECT_EQ(contents(ring, ring.newest()), Lines{});
  EXPECT_EQ(ring.description(), "r");
}

TEST(Ring, LinesAreCutAndTheLineFeedIsNotStored) {
  Ring ring({.name = "r", .maxlen = 5, .size = 100});
  ring.append("123456789\n");
  ring.append("1234\n");
  ring.append("12345\n");
  ring.append("");
  ring.append("\n");
  const std::array<std::string_view, 3> pieces = {"ab", "cd", "\n"};
  ring.append_pieces(pieces);
  EXPECT_EQ(contents(ring), (Lines{"12345", "1234", "12345", "", "", "abcd"}));
}

TEST(Ring, EverySizeOfWrapAround) {
  for (std::uint64_t size = 12; size < 60; ++size) {
    Ring ring({.name = "r", .maxlen = 8, .size = size});
    for (int i = 0; i < 100; ++i) {
      const std::string line(static_cast<std::size_t>(i % 9), static_cast<char>('a' + i % 26));
      ASSERT_TRUE(ring.append(line));
      ASSERT_EQ(contents(ring).back(), line);
    }
  }
}

TEST(Ring, PinnedLinesStayAndNewOnesAreCounted) {
  Ring ring({.name = "r", .maxlen = 16, .size = 40});
  ring.append("message0");
  {
    Ring::Pin pin(ring, ring.oldest());
    EXPECT_TRUE(ring.append("message1"));
    EXPECT_TRUE(ring.append("message2"));
    EXPECT_FALSE(ring.append("message3"));
    EXPECT_EQ(ring.dropped(), 1U);
    EXPECT_EQ(contents(ring), (Lines{"message0", "message1", "message2"}));
    std::uint64_t position = ring.oldest();
    std::string line;
    EXPECT_TRUE(ring.read(position, line));
    pin.advance(position);
    EXPECT_TRUE(ring.append("message4"));
    EXPECT_EQ(contents(ring), (Lines{"message1", "message2", "message4"}));
  }
  EXPECT_TRUE(ring.append("message5"));
  EXPECT_TRUE(ring.append("message6"));
}

TEST(Ring, WatchersAreToldOncePerArming) {
  Ring ring({.name = "r"});
  int told = 0;
  {
    Ring::Watcher watcher(ring, [](void* count) { ++*static_cast<int*>(count); }, &told);
    ring.append("before arming");
    EXPECT_EQ(told, 0);
    watcher.arm();
    ring.append("one");
    ring.append("two");
    EXPECT_EQ(told, 1);
    watcher.arm();
    ring.append("three");
    EXPECT_EQ(told, 2);
    watcher.arm();
  }
  ring.append("nobody watches");
  EXPECT_EQ(told, 2);
}

TEST(Ring, ManyWritersAndAReader) {
  Ring ring({.name = "r", .maxlen = 32, .size = 4096});
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&ring, t] {
      for (int i = 0; i < 3000; ++i)
        ring.append(std::string(1, static_cast<char>('a' + t)) + std::string(static_cast<std::size_t>(i % 20), 'x'));
    });
  }
  std::uint64_t position = 0;
  std::string line;
  for (int i = 0; i < 3000; ++i) {
    if (!ring.read(position, line)) continue;
    ASSERT_GE(line.size(), 1U);
    ASSERT_EQ(line.find_first_not_of('x', 1), std::string::npos);
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(ring.dropped(), 0U);
}

TEST(RingConfig, EqualityIgnoresThePosition) {
  const RingConfig one{.name = "r", .at = {1, 2, 3, 4}};
  RingConfig two{.name = "r"};
  EXPECT_EQ(one, two);
  two.servers.push_back({.name = "s"});
  EXPECT_FALSE(one == two);
}

}  // namespace
}  // namespace weir::log
