#include "log/logger.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace weir::log {
namespace {

using testing::ElementsAre;

/// A datagram receiver of any family that never waits.
class Receiver {
 public:
  explicit Receiver(const SocketAddress& address) { open(address); }
  ~Receiver() { close(fd_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  [[nodiscard]] const SocketAddress& address() const { return address_; }
  /// Loopback and Unix datagrams are in the queue when the send returns.
  std::vector<std::string> received() {
    std::vector<std::string> all;
    char buffer[70000];
    for (ssize_t got = 0; (got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT)) >= 0;) {
      all.emplace_back(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  void open(const SocketAddress& address) {
    sockaddr_storage storage{};
    socklen_t length = address.to_sockaddr(storage);
    fd_ = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&storage), length), 0) << strerror(errno);
    length = sizeof storage;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length);
    address_ = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  }
  int fd_ = -1;
  SocketAddress address_;
};

SocketAddress loopback() { return SocketAddress::ipv4(0x7f000001, 0); }
SocketAddress unique_abstract(const char* name) {
  return SocketAddress::abstract("weir-log-test-" + std::to_string(getpid()) + "-" + name);
}

class LoggerTest : public testing::Test {
 protected:
  LoggerTest() {
    setenv("TZ", "UTC", 1);
    tzset();
    std::signal(SIGPIPE, SIG_IGN);
    at(TimePoint(std::chrono::seconds(100)));
  }
  void at(TimePoint now) {
    logger_.set_time(WallTime(std::chrono::microseconds(1795523486000902)), now);
    now_ = now;
  }
  std::shared_ptr<const Target> target(TargetConfig config, bool send_hostname = false) {
    auto made = sinks_.make_target(config, send_hostname);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }
  void emit(const std::vector<std::shared_ptr<const Target>>& targets, const Line& line) {
    logger_.emit(targets, line);
  }
  Sinks sinks_;
  Logger logger_{Identity{.hostname = "", .tag = "tagger", .pid = "14745"}};
  TimePoint now_;
};

TEST_F(LoggerTest, AllFormatsOfOneMessage) {
  Receiver receiver(loopback());
  std::vector<std::shared_ptr<const Target>> targets;
  for (const Format format : {Format::local, Format::rfc3164, Format::rfc5424, Format::short_, Format::raw,
                              Format::timed, Format::iso, Format::priority}) {
    targets.push_back(target({.address = receiver.address(), .facility = 16, .format = format}));
  }
  targets.push_back(target({.address = receiver.address(), .facility = 0}));
  targets.push_back(target({.address = receiver.address(), .facility = 0}, true));
  emit(targets, {.message = "hi\nthere\n\n"});
  EXPECT_TRUE(receiver.received().empty()) << "nothing leaves before the end of the turn";
  logger_.flush();
  EXPECT_THAT(receiver.received(),
              ElementsAre("<134>Nov 24 12:31:26 tagger[14745]: hi\nthere\n",
                          "<134>Nov 24 12:31:26 localhost tagger[14745]: hi\nthere\n",
                          "<134>1 2026-11-24T12:31:26.000902+00:00 - tagger 14745 - - hi\nthere\n",  //
                          "<6>hi\nthere\n", "hi\nthere\n", "<6>2026-11-24T12:31:26.000902+00:00 hi\nthere\n",
                          "2026-11-24T12:31:26.000902+00:00 hi\nthere\n", "<134>hi\nthere\n",
                          "<6>Nov 24 12:31:26 tagger[14745]: hi\nthere\n",
                          "<6>Nov 24 12:31:26 localhost tagger[14745]: hi\nthere\n"));
  EXPECT_EQ(targets[0]->sink().sent(), 10U);
  EXPECT_TRUE(logger_.empty());
}

TEST_F(LoggerTest, LinesAreCutAtTheirLength) {
  Receiver receiver(loopback());
  const std::string message = "hello 127.0.0.1 " + std::string(70, '7');
  emit({target({.address = receiver.address(), .facility = 18, .length = 80, .format = Format::rfc5424}),
        target({.address = receiver.address(), .length = 80, .format = Format::raw}),
        target({.address = receiver.address(), .length = 86, .format = Format::raw}),
        target({.address = receiver.address(), .length = 85, .format = Format::raw})},
       {.message = message});
  logger_.flush();
  EXPECT_THAT(
      receiver.received(),
      ElementsAre("<150>1 2026-11-24T12:31:26.000902+00:00 - tagger 14745 - - " + message.substr(0, 80 - 59) + "\n",
                  message.substr(0, 80) + "\n", message + "\n", message.substr(0, 85) + "\n"));
}

TEST_F(LoggerTest, LevelsFilterAndCap) {
  Receiver receiver(loopback());
  const auto capped = target(
      {.address = receiver.address(), .level = Level::notice, .min_level = Level::err, .format = Format::short_});
  for (const Level level : {Level::emerg, Level::err, Level::warning, Level::notice, Level::info, Level::debug}) {
    emit({capped}, {.level = level, .message = "m"});
  }
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("<3>m\n", "<3>m\n", "<4>m\n", "<5>m\n"));
}

TEST_F(LoggerTest, SamplingCountsOnlyWantedLevels) {
  Receiver receiver(loopback());
  const auto sampled = target({.address = receiver.address(),
                               .level = Level::info,
                               .format = Format::raw,
                               .ranges = {{1, 1}, {3, 4}},
                               .sample_size = 4});
  for (int i = 1; i <= 8; ++i) {
    emit({sampled}, {.level = Level::debug, .message = "unwanted"});
    emit({sampled}, {.message = std::to_string(i)});
  }
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("1\n", "3\n", "4\n", "5\n", "7\n", "8\n"));
}

TEST_F(LoggerTest, TagAndStructuredDataOfTheLine) {
  Receiver receiver(loopback());
  logger_.set_identity({.hostname = "myhost", .tag = "tagger", .pid = "1"});
  emit({target({.address = receiver.address(), .facility = 18, .format = Format::rfc5424})},
       {.message = "x", .tag = "other", .structured_data = "[a@1 b=\"c\"]"});
  logger_.flush();
  EXPECT_THAT(receiver.received(),
              ElementsAre("<150>1 2026-11-24T12:31:26.000902+00:00 myhost other 1 - [a@1 b=\"c\"] x\n"));
}

TEST_F(LoggerTest, AFullBatchIsFlushedAtOnce) {
  Receiver receiver(unique_abstract("full"));
  const auto to = target({.address = receiver.address(), .length = 65535, .format = Format::raw});
  std::size_t got = 0;
  for (int i = 0; i < 6; ++i) {
    emit({to}, {.message = std::string(60000, static_cast<char>('a' + i))});
    got += receiver.received().size();
  }
  EXPECT_GT(got, 0U);
  logger_.flush();
  got += receiver.received().size();
  EXPECT_EQ(got, 6U);
}

TEST_F(LoggerTest, AReceiverThatDoesNotReadCostsDropsNotTime) {
  Receiver receiver(unique_abstract("slow"));
  const auto to = target({.address = receiver.address(), .format = Format::raw});
  for (int i = 0; i < 5000; ++i) emit({to}, {.message = "m"});
  logger_.flush();
  EXPECT_GT(to->sink().dropped(), 0U);
  EXPECT_EQ(to->sink().sent() + to->sink().dropped(), 5000U);
  EXPECT_EQ(receiver.received().size(), to->sink().sent());
  EXPECT_EQ(sinks_.dropped(), to->sink().dropped());
}

TEST_F(LoggerTest, AMissingReceiverIsTriedAgainAtABoundedRate) {
  const SocketAddress address = unique_abstract("late");
  const auto to = target({.address = address, .format = Format::raw});
  EXPECT_FALSE(to->sink().connected());
  emit({to}, {.message = "lost"});
  logger_.flush();  // the first attempt after open
  Receiver receiver(address);
  emit({to}, {.message = "lost as well"});
  logger_.flush();  // too early for another one
  EXPECT_EQ(to->sink().dropped(), 2U);
  at(now_ + kReconnectInterval);
  emit({to}, {.message = "here"});
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("here\n"));
  EXPECT_EQ(to->sink().dropped(), 2U);
}

TEST_F(LoggerTest, ARestartedReceiverIsFoundAgain) {
  const std::string path = testing::TempDir() + "/weir_log_" + std::to_string(getpid());
  const SocketAddress address = SocketAddress::unix_path(path);
  std::shared_ptr<const Target> to;
  {
    Receiver first(address);
    to = target({.address = address, .format = Format::raw});
    emit({to}, {.message = "one"});
    logger_.flush();
    EXPECT_THAT(first.received(), ElementsAre("one\n"));
  }
  unlink(path.c_str());
  emit({to}, {.message = "lost"});
  logger_.flush();
  EXPECT_EQ(to->sink().dropped(), 1U);
  Receiver second(address);
  at(now_ + kReconnectInterval);
  emit({to}, {.message = "two"});
  logger_.flush();
  EXPECT_THAT(second.received(), ElementsAre("two\n"));
  unlink(path.c_str());
}

TEST_F(LoggerTest, AnAdoptedSocketTakesOver) {
  const auto to = target({.address = unique_abstract("nobody"), .format = Format::raw});
  Receiver receiver(unique_abstract("opener"));
  sockaddr_storage storage{};
  const socklen_t length = receiver.address().to_sockaddr(storage);
  const io::Fd opened(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(opened.get(), reinterpret_cast<sockaddr*>(&storage), length), 0);
  ASSERT_TRUE(to->sink().adopt_socket(opened));
  emit({to}, {.message = "through"});
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("through\n"));
}

TEST_F(LoggerTest, UdpWithoutAReceiverLosesNothingOnceThereIsOne) {
  SocketAddress address;
  {
    address = Receiver(loopback()).address();
  }
  const auto to = target({.address = address, .format = Format::raw});
  for (int i = 0; i < 3; ++i) {
    emit({to}, {.message = "into the void"});
    logger_.flush();
  }
  Receiver receiver(address);
  emit({to}, {.message = "here"});
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("here\n"));
}

TEST_F(LoggerTest, OneTooLongDatagramDoesNotHoldUpTheOthers) {
  Receiver receiver(loopback());
  const auto to = target({.address = receiver.address(), .length = 65535, .format = Format::raw});
  emit({to}, {.message = std::string(65530, 'x')});  // beyond what UDP over IPv4 carries
  emit({to}, {.message = "short"});
  logger_.flush();
  EXPECT_THAT(receiver.received(), ElementsAre("short\n"));
  EXPECT_EQ(to->sink().dropped(), 1U);
}

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

TEST_F(LoggerTest, DescriptorsGetOneLineAfterTheOther) {
  Pipe pipe;
  const auto to = target({.kind = TargetKind::fd, .fd = pipe.ends[1], .format = Format::short_});
  emit({to}, {.message = "one"});
  emit({to}, {.message = "two"});
  logger_.flush();
  char buffer[64];
  const ssize_t got = read(pipe.ends[0], buffer, sizeof buffer);
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(got)), "<6>one\n<6>two\n");
  EXPECT_EQ(fcntl(pipe.ends[1], F_GETFL) & O_NONBLOCK, 0) << "the shared open file is left as it was";
}

TEST_F(LoggerTest, AFullPipeDropsInsteadOfBlocking) {
  Pipe pipe;
  ASSERT_GT(fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096), 0);
  const auto to = target({.kind = TargetKind::fd, .fd = pipe.ends[1], .format = Format::raw});
  for (int i = 0; i < 100; ++i) emit({to}, {.message = std::string(99, 'x')});
  logger_.flush();
  EXPECT_EQ(to->sink().sent(), 40U);
  EXPECT_EQ(to->sink().dropped(), 60U);
}

TEST_F(LoggerTest, AClosedPipeAndAWrongDescriptorOnlyCount) {
  std::shared_ptr<const Target> to;
  {
    Pipe pipe;
    to = target({.kind = TargetKind::fd, .fd = pipe.ends[1]});
  }
  emit({to, target({.kind = TargetKind::fd, .fd = 900000})}, {.message = "m"});
  logger_.flush();
  EXPECT_EQ(sinks_.dropped(), 2U);
}

TEST_F(LoggerTest, AStreamSocketAsDescriptorDoesNotBlock) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const auto to = target({.kind = TargetKind::fd, .fd = pair[0], .length = 65535, .format = Format::raw});
  for (int i = 0; i < 100; ++i) emit({to}, {.message = std::string(30000, 'x')});
  logger_.flush();
  EXPECT_GT(to->sink().dropped(), 0U);
  std::string all;
  char buffer[65536];
  for (ssize_t got = 0; (got = recv(pair[1], buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
    all.append(buffer, static_cast<std::size_t>(got));
  emit({to}, {.message = "after"});
  logger_.flush();
  const ssize_t got = recv(pair[1], buffer, sizeof buffer, MSG_DONTWAIT);
  all.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  EXPECT_TRUE(all.ends_with("x\nafter\n")) << "a line that was cut does not run into the next one";
  close(pair[0]);
  close(pair[1]);
}

TEST_F(LoggerTest, RingsHaveTheirOwnFormatAndLength) {
  auto ring = sinks_.ring({.name = "events", .format = Format::rfc5424, .maxlen = 70});
  const auto to = target({.kind = TargetKind::ring, .ring = "events", .facility = 16, .format = Format::rfc3164});
  emit({to}, {.message = "0123456789 and more"});
  logger_.flush();
  std::uint64_t position = 0;
  std::string line;
  ASSERT_TRUE(ring->read(position, line));
  EXPECT_EQ(line, "<134>1 2026-11-24T12:31:26.000902+00:00 - tagger 14745 - - 0123456789 ");
  EXPECT_EQ(ring, sinks_.ring({.name = "events", .format = Format::rfc5424, .maxlen = 70}));
  EXPECT_NE(ring, sinks_.ring({.name = "events", .format = Format::rfc5424, .maxlen = 71}));
}

TEST_F(LoggerTest, SinksAreSharedAndForgotten) {
  Receiver receiver(loopback());
  auto one = target({.address = receiver.address(), .facility = 1});
  auto two = target({.address = receiver.address(), .facility = 2});
  EXPECT_EQ(&one->sink(), &two->sink());
  const auto unknown = sinks_.make_target({.kind = TargetKind::ring, .ring = "none"}, false);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "log target 'ring@none' names no ring section");
  EXPECT_FALSE(sinks_.make_target({.host = "name.example"}, false));
  const TargetConfig stream{.kind = TargetKind::stream, .address = SocketAddress::ipv4(0x7f000001, 6514)};
  auto three = target(stream);
  auto four = target(stream);
  EXPECT_EQ(&three->sink(), &four->sink());
  ASSERT_EQ(sinks_.rings().size(), 1U);
  EXPECT_EQ(sinks_.rings()[0]->config().name, "ring#1");
  EXPECT_EQ(sinks_.rings()[0]->config().servers.size(), 1U);
  three.reset();
  four.reset();
  sinks_.forget_unused();
  EXPECT_TRUE(sinks_.rings().empty());
  EXPECT_FALSE(two->sink().name().empty());
}

TEST(LogIdentity, OfTheProcess) {
  const Identity plain = Identity::of_process("", std::nullopt);
  EXPECT_EQ(plain.tag, "haproxy");
  EXPECT_EQ(plain.hostname, "");
  EXPECT_EQ(plain.pid, std::to_string(getpid()));
  EXPECT_EQ(Identity::of_process("t", "h").hostname, "h");
  EXPECT_FALSE(Identity::of_process("t", "").hostname.empty());
}

}  // namespace
}  // namespace weir::log
