#include "io/hand_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

namespace weir::io {
namespace {

using testing::HasSubstr;

SocketAddress loopback(std::uint16_t port) { return SocketAddress::ipv4(0x7f000001, port); }

// Answers one asker on an abstract socket with `sockets`, as a process would, and leaves.
class OldProcess {
 public:
  explicit OldProcess(std::vector<HandedSocket> sockets, std::uint32_t claimed)
      : address_(SocketAddress::abstract("weir-hand-over-test-" + std::to_string(::getpid()))),
        listener_(*open_listener(address_, {})),
        thread_([this, handed = std::move(sockets), claimed] { answer(handed, claimed); }) {}
  ~OldProcess() { thread_.join(); }
  OldProcess(const OldProcess&) = delete;
  OldProcess& operator=(const OldProcess&) = delete;
  const SocketAddress& address() const { return address_; }

 private:
  void answer(const std::vector<HandedSocket>& sockets, std::uint32_t claimed) {
    int fd = -1;
    while (fd < 0) fd = ::accept(listener_.get(), nullptr, nullptr);
    const Fd asker(fd);
    char command[64];
    const ssize_t got = ::recv(asker.get(), command, sizeof command, 0);
    EXPECT_EQ(std::string_view(command, static_cast<std::size_t>(got)), "_getsocks\n");
    const std::string count = handed_count(claimed);
    EXPECT_EQ(::send(asker.get(), count.data(), count.size(), MSG_NOSIGNAL), 4);
    for (std::size_t at = 0; at < sockets.size(); at += kHandedAtOnce) {
      char byte = 0;
      if (at != 0) EXPECT_EQ(::recv(asker.get(), &byte, 1, 0), 1);
      const auto batch = std::span(sockets).subspan(at, std::min(kHandedAtOnce, sockets.size() - at));
      EXPECT_TRUE(send_handed(asker.get(), batch).has_value());
    }
  }

  SocketAddress address_;
  Fd listener_;
  std::thread thread_;
};

std::vector<HandedSocket> copies(const Fd& socket, std::size_t count) {
  std::vector<HandedSocket> all;
  for (std::size_t i = 0; i < count; i++) all.push_back({Fd(::dup(socket.get())), i == 1 ? "lo" : ""});
  return all;
}

TEST(HandOver, BringsSocketsByAddressAndInterface) {
  const Fd listener = std::move(*open_listener(loopback(0), {}));
  const SocketAddress here = local_address(listener.get());
  const OldProcess old(copies(listener, 600), 600);
  auto inherited = InheritedSockets::ask(old.address(), Milliseconds(5000));
  ASSERT_TRUE(inherited.has_value()) << inherited.error().message;
  EXPECT_EQ(inherited->size(), 600U);
  EXPECT_TRUE(inherited->take(loopback(1), {}).empty());
  ListenOptions on_lo;
  on_lo.interface = "lo";
  EXPECT_EQ(inherited->take(here, on_lo).size(), 1U);
  EXPECT_EQ(inherited->take(here, {}).size(), 599U);
  EXPECT_EQ(inherited->size(), 0U);
}

TEST(HandOver, KeepsOnlyListeningSockets) {
  const Fd listener = std::move(*open_listener(loopback(0), {}));
  std::vector<HandedSocket> sockets = copies(listener, 1);
  sockets.push_back({Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), ""});
  const InheritedSockets kept(std::move(sockets));
  EXPECT_EQ(kept.size(), 1U);
}

TEST(HandOver, RefusesWhatIsNoAnswer) {
  EXPECT_THAT(InheritedSockets::ask(SocketAddress::abstract("weir-nobody-is-here"), Milliseconds(100)).error().message,
              HasSubstr("no process answers"));
  {
    // "Unkn", as a number.
    const OldProcess other({}, 0x6e6b6e55);
    EXPECT_THAT(InheritedSockets::ask(other.address(), Milliseconds(5000)).error().message,
                HasSubstr("expose-fd listeners"));
  }
  const Fd listener = std::move(*open_listener(loopback(0), {}));
  const OldProcess liar(copies(listener, 1), 2);
  EXPECT_THAT(InheritedSockets::ask(liar.address(), Milliseconds(5000)).error().message, HasSubstr("ended"));
}

}  // namespace
}  // namespace weir::io
