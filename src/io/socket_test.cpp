#include "io/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "io/acceptor.h"
#include "io/opener.h"
#include "io/stream.h"
#include "io/testing.h"
#include "io/worker.h"

namespace weir::io {
namespace {

using ::testing::HasSubstr;

const SocketAddress kLoopback = SocketAddress::ipv4(INADDR_LOOPBACK, 0);

class Folder {
 public:
  Folder() { EXPECT_NE(::mkdtemp(name_), nullptr); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    for (const std::string& file : files_) ::unlink(file.c_str());
    ::rmdir(name_);
  }
  std::string file(const std::string& name) {
    files_.push_back(std::string(name_) + "/" + name);
    return files_.back();
  }

 private:
  char name_[32] = "/tmp/weir-io-XXXXXX";
  std::vector<std::string> files_;
};

struct Taken {
  std::vector<Fd> connections;
  Acceptor* acceptor = nullptr;
  bool pause_each = false;
};

void take(void* object, Fd connection, const SocketAddress&) {
  auto* const taken = static_cast<Taken*>(object);
  taken->connections.push_back(std::move(connection));
  if (taken->pause_each) taken->acceptor->pause();
}

TEST(Listener, Port0AndReusePort) {
  auto one = open_listener(kLoopback, {});
  ASSERT_TRUE(one) << one.error().message;
  const SocketAddress bound = local_address(one->get());
  EXPECT_NE(bound.port(), 0);
  EXPECT_TRUE(open_listener(bound, {}));
  auto refused = open_listener(bound, {.reuse_port = false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "cannot bind socket [" + bound.to_string() + "]: address already in use");
}

TEST(Listener, OptionsReachTheSocket) {
  auto fd = open_listener(kLoopback, {.defer_accept = true,
                                      .tcp_user_timeout = Milliseconds(7000),
                                      .max_segment = 1200,
                                      .keepalive = {.enabled = true, .idle = std::chrono::seconds(33)}});
  ASSERT_TRUE(fd) << fd.error().message;
  const auto get = [&](int option) {
    int value = 0;
    socklen_t length = sizeof value;
    ::getsockopt(fd->get(), IPPROTO_TCP, option, &value, &length);
    return value;
  };
  EXPECT_EQ(get(TCP_USER_TIMEOUT), 7000);
  EXPECT_EQ(get(TCP_KEEPIDLE), 33);
  EXPECT_GT(get(TCP_DEFER_ACCEPT), 0);
  EXPECT_FALSE(open_listener(kLoopback, {.interface = "no-such-device"}));
}

TEST(Listener, AStaleUnixPathIsReplaced) {
  Folder folder;
  const SocketAddress address = SocketAddress::unix_path(folder.file("a.sock"));
  {
    ASSERT_TRUE(open_listener(address, {}));
  }  // closed, the file stays
  auto again = open_listener(address, {.mode = 0600});
  ASSERT_TRUE(again) << again.error().message;
  struct stat facts{};
  ASSERT_EQ(::stat(address.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  EXPECT_TRUE(open_connection(address));
  auto refused = open_listener(SocketAddress::unix_path("/nonexistent/a.sock"), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no such file or directory"));
  EXPECT_FALSE(open_listener(SocketAddress::unix_path("/tmp/" + std::string(200, 'x')), {}));
}

TEST(Listener, AbstractNamesAndInheritedDescriptors) {
  const SocketAddress name = SocketAddress::abstract("weir-io-test-" + std::to_string(::getpid()));
  auto listener = open_listener(name, {});
  ASSERT_TRUE(listener) << listener.error().message;
  auto adopted = open_listener(SocketAddress::inherited_fd(listener->get()), {});
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_TRUE(open_connection(name));
  const Fd not_listening(::socket(AF_INET, SOCK_STREAM, 0));
  auto refused = open_listener(SocketAddress::inherited_fd(not_listening.get()), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("not listening"));
  EXPECT_FALSE(open_listener(SocketAddress::inherited_fd(9999), {}));
}

TEST(Connection, SourceAddressAndPortRange) {
  auto listener = open_listener(kLoopback, {});
  ASSERT_TRUE(listener);
  const SocketAddress target = local_address(listener->get());
  const SocketAddress source = SocketAddress::ipv4(INADDR_LOOPBACK + 1, 0);
  auto fd = open_connection(target, {.source = source});
  ASSERT_TRUE(fd);
  EXPECT_EQ(local_address(fd->get()).host(), "127.0.0.2");
  auto probe = open_listener(source, {});
  const std::uint16_t free_port = local_address(probe->get()).port();
  probe->reset();
  const ConnectOptions narrow{.source = source, .first_port = free_port, .last_port = free_port};
  auto first = open_connection(target, narrow);
  ASSERT_TRUE(first);
  EXPECT_EQ(local_address(first->get()).port(), free_port);
  auto second = open_connection(target, narrow);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, IoErrorKind::address_in_use);
  EXPECT_TRUE(second.error().retryable);
}

TEST(Acceptor, AcceptsPausesAndResumes) {
  Worker worker;
  Taken taken;
  Acceptor acceptor(worker, *open_listener(kLoopback, {}), &take, &taken);
  taken.acceptor = &acceptor;
  acceptor.start();
  const SocketAddress target = local_address(acceptor.fd());
  taken.pause_each = true;
  const auto one = open_connection(target);
  const auto two = open_connection(target);
  worker.run_once(1000);
  worker.run_once(0);
  EXPECT_EQ(taken.connections.size(), 1U);  // the callback paused it: the second one waits in the backlog
  acceptor.resume();
  worker.run_once(1000);
  EXPECT_EQ(taken.connections.size(), 2U);
}

TEST(Acceptor, ATurnIsBounded) {
  Worker worker;
  Taken taken;
  Acceptor acceptor(worker, *open_listener(kLoopback, {}), &take, &taken, 2);
  acceptor.start();
  std::vector<IoResult<Fd>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(open_connection(local_address(acceptor.fd())));
  for (const std::size_t expected : {2U, 4U, 5U}) {
    worker.run_once(1000);
    EXPECT_EQ(taken.connections.size(), expected);
  }
}

TEST(Acceptor, DrainTakesWhatWaitsThenCloses) {
  Worker worker;
  Taken taken;
  Acceptor acceptor(worker, *open_listener(kLoopback, {}), &take, &taken, 1);
  acceptor.start();
  acceptor.pause();
  const SocketAddress target = local_address(acceptor.fd());
  std::vector<IoResult<Fd>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(open_connection(target));
  acceptor.drain_and_close();
  EXPECT_EQ(taken.connections.size(), 3U);
  EXPECT_EQ(acceptor.fd(), -1);
}

TEST(Acceptor, WithoutDescriptorsItWaitsInsteadOfSpinning) {
  FakeClock clock;
  Worker worker({.clock = &clock});
  Taken taken;
  Acceptor acceptor(worker, *open_listener(kLoopback, {}), &take, &taken);
  acceptor.start();
  const auto client = open_connection(local_address(acceptor.fd()));
  ASSERT_TRUE(client);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int highest = ::dup(client->get());
  ::close(highest);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(highest);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  for (int i = 0; i < 10; ++i) worker.run_once(0);
  EXPECT_TRUE(acceptor.starved());
  EXPECT_EQ(acceptor.starvations(), 1U);
  ::setrlimit(RLIMIT_NOFILE, &before);
  clock.advance(Acceptor::kRetry);
  worker.run_once(0);
  worker.run_once(0);
  EXPECT_EQ(taken.connections.size(), 1U);
  EXPECT_FALSE(acceptor.starved());
}

Task<std::string> converse(Worker* worker, const SocketAddress& target, Acceptor* acceptor, Taken* taken) {
  Stream client(*worker, Side::client);
  const TimePoint deadline = worker->now() + Milliseconds(5000);
  const auto connected = co_await client.connect(target, {}, deadline);
  if (!connected) co_return to_string(connected.error());
  acceptor->drain_and_close();
  Stream server(*worker, std::move(taken->connections.at(0)), Side::server);
  const auto sent = co_await client.write_all("hello", deadline);
  if (!sent) co_return to_string(sent.error());
  client.shutdown_write();
  std::string got;
  for (;;) {
    char buffer[3];
    const auto bytes = co_await server.read_some(buffer, deadline);
    if (!bytes) co_return to_string(bytes.error());
    if (*bytes == 0) co_return got;
    got.append(buffer, *bytes);
  }
}

TEST(Stream, ConnectsWritesAndReadsToTheEnd) {
  Worker worker;
  Taken taken;
  Acceptor acceptor(worker, *open_listener(kLoopback, {}), &take, &taken);
  EXPECT_EQ(testing::run(worker, converse(&worker, local_address(acceptor.fd()), &acceptor, &taken)), "hello");
}

Task<IoResult<void>> only_connect(Worker* worker, const SocketAddress& target) {
  Stream stream(*worker, Side::server);
  co_return co_await stream.connect(target, {}, worker->now() + Milliseconds(5000));
}

TEST(Stream, ARefusedConnectionSaysSo) {
  Worker worker;
  auto listener = open_listener(kLoopback, {});
  const SocketAddress target = local_address(listener->get());
  listener->reset();
  const auto refused = testing::run(worker, only_connect(&worker, target));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, IoErrorKind::refused);
  EXPECT_EQ(refused.error().side, Side::server);
  EXPECT_EQ(to_string(refused.error()), "connection refused (server)");
}

Task<void> read_into(Stream* stream, TimePoint deadline, std::optional<IoResult<std::size_t>>* result) {
  char byte[1];
  auto got = co_await stream->read_some(byte, deadline);
  result->emplace(std::move(got));
}

struct StreamPair {
  explicit StreamPair(Worker& worker) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    stream.emplace(worker, Fd(fds[0]));
    other = Fd(fds[1]);
  }
  std::optional<Stream> stream;
  Fd other;
};

TEST(Stream, DeadlinesInterruptionsAndDeath) {
  FakeClock clock;
  Worker worker({.clock = &clock});
  StreamPair pair(worker);
  Scope scope(worker.deferred());
  std::optional<IoResult<std::size_t>> result;
  scope.spawn(&read_into, &*pair.stream, clock.now + Milliseconds(50), &result);
  worker.run_once(0);
  EXPECT_FALSE(result);
  clock.advance(Milliseconds(50));
  worker.run_once(0);
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().kind, IoErrorKind::timeout);

  result.reset();
  scope.spawn(&read_into, &*pair.stream, Stream::kNever, &result);
  pair.stream->interrupt();
  clock.advance(Milliseconds(1));
  worker.run_once(0);
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().kind, IoErrorKind::cancelled);

  result.reset();
  scope.spawn(&read_into, &*pair.stream, Stream::kNever, &result);
  pair.stream.reset();  // before its waiter
  worker.run_once(0);
  EXPECT_FALSE(result);
  scope.destroy_all();
}

TEST(Stream, AWaiterCancelledLeavesTheStreamUsable) {
  Worker worker;
  StreamPair pair(worker);
  Scope scope(worker.deferred());
  std::optional<IoResult<std::size_t>> result;
  scope.spawn(&read_into, &*pair.stream, Stream::kNever, &result);
  scope.cancel_all();
  worker.run_once(0);
  scope.spawn(&read_into, &*pair.stream, Stream::kNever, &result);
  ASSERT_EQ(::write(pair.other.get(), "x", 1), 1);
  worker.run_once(0);
  ASSERT_TRUE(result && *result);
  EXPECT_EQ(**result, 1U);
}

TEST(Splice, MovesBytesFromSocketToSocket) {
  Worker worker;
  int left[2];
  int right[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, left), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, right), 0);
  const Fd ends[] = {Fd(left[0]), Fd(left[1]), Fd(right[0]), Fd(right[1])};
  Pipe* const pipe = worker.pipes().take();
  ASSERT_NE(pipe, nullptr);
  EXPECT_EQ(splice_in(left[1], *pipe, 100), -EAGAIN);
  ASSERT_EQ(::write(left[0], "hello", 5), 5);
  EXPECT_EQ(splice_in(left[1], *pipe, 100), 5);
  EXPECT_EQ(pipe->held, 5U);
  EXPECT_EQ(splice_out(*pipe, right[0]), 5);
  char got[8];
  EXPECT_EQ(::read(right[1], got, sizeof got), 5);
  ::shutdown(left[0], SHUT_WR);
  EXPECT_EQ(splice_in(left[1], *pipe, 100), 0);
  worker.pipes().give(pipe);
}

void use_opener(Opener& opener) {
  Folder folder;
  const std::string path = folder.file("a");
  const std::string moved = folder.file("b");
  auto out = opener.open_file(path, OpenMode::append);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(::write(out->get(), "text", 4), 4);
  ASSERT_TRUE(opener.rename(path, moved));
  const auto text = opener.read_file(moved);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "text");
  EXPECT_FALSE(opener.read_file(moved, 3));
  EXPECT_TRUE(opener.unlink(moved));
  const auto missing = opener.open_file(moved, OpenMode::read);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot open '" + moved + "': no such file or directory");
  EXPECT_FALSE(opener.open_file(std::string("a\0b", 3), OpenMode::read));
  EXPECT_FALSE(opener.open_file(std::string(5000, 'x'), OpenMode::read));

  auto listener = opener.listen(kLoopback, {.tcp_user_timeout = Milliseconds(7000)});
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(open_connection(local_address(listener->get())));
  const SocketAddress unix_listener = SocketAddress::unix_path(folder.file("l.sock"));
  EXPECT_TRUE(opener.listen(unix_listener, {.mode = 0600}));
  EXPECT_FALSE(opener.listen(SocketAddress::unix_path("/tmp/" + std::string(200, 'x')), {}));

  const SocketAddress log = SocketAddress::unix_path(folder.file("log"));
  auto sink = open_listener(log, {.datagram = true});
  ASSERT_TRUE(sink) << sink.error().message;
  auto source = opener.connect_datagram(log);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(::send(source->get(), "line", 4, 0), 4);
  char got[8];
  EXPECT_EQ(::recv(sink->get(), got, sizeof got, 0), 4);
}

TEST(Opener, ActsInThisProcessWhenNoneRuns) {
  Opener opener;
  use_opener(opener);
}

TEST(Opener, ActsInItsProcess) {
  Opener opener;
  ASSERT_TRUE(opener.start());
  use_opener(opener);
  const pid_t pid = opener.pid();
  opener.stop();
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Opener, AStrangeRequestEndsIt) {
  Opener opener;
  ASSERT_TRUE(opener.start());
  ASSERT_EQ(::send(opener.channel(), "x", 1, MSG_NOSIGNAL), 1);
  const auto gone = opener.open_file("/dev/null", OpenMode::read);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "the opener process does not answer");
}

TEST(IoError, KindsAndWords) {
  const struct {
    int os_error;
    IoErrorKind kind;
    bool retryable;
  } rows[] = {{ECONNRESET, IoErrorKind::reset, true},     {EPIPE, IoErrorKind::reset, true},
              {ECONNREFUSED, IoErrorKind::refused, true}, {EHOSTUNREACH, IoErrorKind::unreachable, true},
              {ETIMEDOUT, IoErrorKind::timeout, true},    {EADDRINUSE, IoErrorKind::address_in_use, true},
              {EPERM, IoErrorKind::permission, false},    {EMFILE, IoErrorKind::no_descriptors, true},
              {ENOBUFS, IoErrorKind::no_memory, true},    {EINVAL, IoErrorKind::other, false}};
  for (const auto& row : rows) {
    const IoError error = IoError::from_errno(row.os_error);
    EXPECT_EQ(error.kind, row.kind) << row.os_error;
    EXPECT_EQ(error.retryable, row.retryable) << row.os_error;
  }
  EXPECT_EQ(to_string(IoError::from_errno(EINVAL, Side::client)), "invalid argument (client)");
}

}  // namespace
}  // namespace weir::io
