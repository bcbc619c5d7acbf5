#include "io/hand_over.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace weir::io {
namespace {

constexpr std::size_t kMostDescription = kHandedAtOnce * 600;
constexpr const char* kHandsNothing = "the other process does not hand sockets over ('expose-fd listeners')";
constexpr std::size_t kFixedDescription = 6;  // two lengths and 32 bits

// Reads descriptors and bytes of one connection, and says what of it is a whole answer.
class Receiver {
 public:
  Receiver(int socket, Milliseconds patience) : socket_(socket), patience_(patience) {}

  Result<std::vector<HandedSocket>> run() {
    while (bytes_.size() < sizeof(std::uint32_t))
      if (auto got = receive(); !got) return unexpected(got.error());
    std::uint32_t count = 0;
    std::memcpy(&count, bytes_.data(), sizeof count);
    bytes_.erase(0, sizeof count);
    if (count > kMostHanded) return fail(kHandsNothing);
    while (handed_.size() < count) {
      if (described()) {
        // The whole message is here; the next one wants to be asked for.
        if (handed_.size() < count && fds_.empty() && bytes_.empty()) (void)::send(socket_, "", 1, MSG_NOSIGNAL);
        continue;
      }
      if (auto got = receive(); !got) return unexpected(got.error());
    }
    return std::move(handed_);
  }

 private:
  Result<void> receive() {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience_.count())) <= 0) return fail("the other process does not answer");
    std::array<char, 16'384> bytes;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * (kHandedAtOnce + 4))> control{};
    iovec piece{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) return {};
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; i++) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        fds_.emplace_back(fd);
      }
    }
    if (got <= 0)
      return fail(bytes_.size() < sizeof(std::uint32_t) && handed_.empty()
                      ? kHandsNothing
                      : "the other process ended the conversation");
    if (bytes_.size() + static_cast<std::size_t>(got) > kMostDescription) return fail("the answer is too long");
    bytes_.append(bytes.data(), static_cast<std::size_t>(got));
    return {};
  }

  // Takes the next descriptor with its description; false while one of the two is not there.
  bool described() {
    if (fds_.empty() || bytes_.size() < kFixedDescription) return false;
    const std::size_t space = static_cast<unsigned char>(bytes_[0]);
    if (bytes_.size() < kFixedDescription + space) return false;
    const std::size_t name = static_cast<unsigned char>(bytes_[1 + space]);
    if (bytes_.size() < kFixedDescription + space + name) return false;
    handed_.push_back({std::move(fds_.front()), bytes_.substr(2 + space, name)});
    fds_.erase(fds_.begin());
    bytes_.erase(0, kFixedDescription + space + name);
    return true;
  }

  int socket_;
  Milliseconds patience_;
  std::string bytes_;
  std::vector<Fd> fds_;
  std::vector<HandedSocket> handed_;
};

// Abstract names may be filled up with zeros.
bool same_address(const SocketAddress& a, const SocketAddress& b) {
  if (a.family() != AddressFamily::abstract || b.family() != AddressFamily::abstract) return a == b;
  const auto trimmed = [](std::string_view name) { return name.substr(0, name.find_last_not_of('\0') + 1); };
  return trimmed(a.path()) == trimmed(b.path());
}

bool serves_families(int fd, const SocketAddress& address, const ListenOptions& options) {
  if (address.family() != AddressFamily::ipv6 || (!options.v6only && !options.v4v6)) return true;
  int only = 0;
  socklen_t length = sizeof only;
  return ::getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &length) == 0 && (only != 0) == options.v6only;
}

bool listening(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

}  // namespace

std::string handed_count(std::uint32_t count) {
  std::string bytes(sizeof count, '\0');
  std::memcpy(bytes.data(), &count, sizeof count);
  return bytes;
}

Result<void> send_handed(int to, std::span<const HandedSocket> batch) {
  std::string bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kHandedAtOnce)> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(sizeof(int) * batch.size());
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int) * batch.size());
  for (std::size_t i = 0; i < batch.size(); i++) {
    const int fd = batch[i].socket.get();
    std::memcpy(CMSG_DATA(part) + i * sizeof fd, &fd, sizeof fd);
    bytes += '\0';
    bytes += static_cast<char>(batch[i].interface.size());
    bytes += batch[i].interface;
    bytes.append(4, '\0');
  }
  iovec piece{bytes.data(), bytes.size()};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  const ssize_t sent = ::sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(bytes.size())) return fail("the sockets could not be sent");
  return {};
}

InheritedSockets::InheritedSockets(std::vector<HandedSocket> handed) {
  for (HandedSocket& one : handed) {
    if (!listening(one.socket.get())) continue;
    SocketAddress address = local_address(one.socket.get());
    if (!set_nonblocking(one.socket.get())) continue;
    sockets_.push_back({std::move(one.socket), std::move(address), std::move(one.interface)});
  }
}

Result<InheritedSockets> InheritedSockets::ask(const SocketAddress& runtime_socket, Milliseconds patience) {
  sockaddr_storage storage{};
  const socklen_t length = runtime_socket.to_sockaddr(storage);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || !runtime_socket.is_unix() || length == 0 ||
      ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return fail(fmt::format("no process answers on '{}': {}", runtime_socket.to_string(), system_message(errno)));
  const std::string command = std::string(kHandOverCommand) + "\n";
  if (::send(socket.get(), command.data(), command.size(), MSG_NOSIGNAL) < 0)
    return fail(fmt::format("'{}' takes no command: {}", runtime_socket.to_string(), system_message(errno)));
  auto handed = Receiver(socket.get(), patience).run();
  if (!handed) return fail(fmt::format("sockets of '{}': {}", runtime_socket.to_string(), handed.error().message));
  return InheritedSockets(std::move(*handed));
}

std::vector<Fd> InheritedSockets::take(const SocketAddress& address, const ListenOptions& options) {
  std::vector<Fd> taken;
  for (Kept& kept : sockets_)
    if (same_address(kept.address, address) && kept.interface == options.interface &&
        serves_families(kept.socket.get(), address, options))
      taken.push_back(std::move(kept.socket));
  std::erase_if(sockets_, [](const Kept& kept) { return !kept.socket; });
  return taken;
}

}  // namespace weir::io
