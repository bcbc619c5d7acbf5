#include "app/running_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

#include "io/fd.h"

namespace weir::app {
namespace {

constexpr int kWaitMs = 10'000;
constexpr std::size_t kMostAnswer = std::size_t{16} << 20;

io::Fd connect_to(const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t length = address.to_sockaddr(storage);
  if (length == 0) return {};
  io::Fd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) return {};
  return socket;
}

// The files may have relative names that mean something else where the other process stands. The socket's words are
// separated by spaces, and a backslash keeps one.
std::string command_for(const std::vector<std::string>& files) {
  std::string command = "reload plan";
  for (const std::string& file : files) {
    command += ' ';
    for (const char c : std::filesystem::absolute(file).string()) {
      if (c == ' ' || c == '\\' || c == ';') command += '\\';
      command += c;
    }
  }
  return command + "\n";
}

std::string read_answer(int fd) {
  std::string answer;
  char bytes[4096];
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kWaitMs) <= 0) break;
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || answer.size() > kMostAnswer) break;
    answer.append(bytes, static_cast<std::size_t>(got));
  }
  return answer;
}

}  // namespace

std::string ask_running_process(const proxy::Config& config, const std::vector<std::string>& files) {
  const std::string command = command_for(files);
  for (const proxy::BindConfig& bind : config.global.stats_sockets) {
    for (const SocketAddress& address : bind.addresses) {
      const io::Fd socket = connect_to(address);
      if (!socket || ::send(socket.get(), command.data(), command.size(), MSG_NOSIGNAL) < 0) continue;
      if (std::string answer = read_answer(socket.get()); !answer.empty()) return answer;
    }
  }
  return fmt::format(
      "No running weir answers on a stats socket of this configuration: all of it ({} proxies) would be new.\n",
      config.proxies.size());
}

}  // namespace weir::app
