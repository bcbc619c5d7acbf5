// The opener: a small process that kept the privileges weir gave up, and opens things for it.
//
// After `chroot` and `user`, a reload still needs files, keys, log sockets and ports below 1024. start() forks before
// they are dropped; requests go over a SOCK_SEQPACKET pair, descriptors come back with SCM_RIGHTS. One request, one
// answer, both bounded; a request that does not parse ends the opener. It exits when the socket closes, so it never
// outlives weir. Without start() the same calls act in this process. Thread-safe: one request at a time, under a mutex.
// Blocking: for the thread that reads configurations, not for workers.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/outside.h"
#include "base/result.h"
#include "io/fd.h"
#include "io/socket.h"

namespace weir::io {

enum class OpenMode : std::uint8_t { read, append, replace };  // append and replace create; replace truncates

class Opener {
 public:
  Opener() = default;
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;
  ~Opener();

  /// Forks. Call it before threads start and before privileges go.
  Result<void> start();
  [[nodiscard]] bool running() const { return channel_.valid(); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int channel() const { return channel_.get(); }
  /// Closes the channel and waits for the process.
  void stop();
  /// Closes the channel; the process ends by itself, when what it was asked for last lets it.
  void leave();

  Result<Fd> open_file(std::string_view path, OpenMode mode, mode_t create_mode = 0644);
  /// The whole file; refused above `most` bytes.
  Result<std::string> read_file(std::string_view path, std::size_t most = std::size_t{256} << 20);
  Result<Fd> listen(const SocketAddress& address, const ListenOptions& options);
  /// A datagram socket connected to a Unix path, such as /dev/log.
  Result<Fd> connect_datagram(const SocketAddress& address);
  /// As Outside::look_up: names are known outside of a chroot, and seldom inside.
  Result<std::string> look_up(Lookup kind, std::string_view name);
  Result<void> unlink(std::string_view path);
  Result<void> rename(std::string_view from, std::string_view to);

 private:
  struct Request;
  struct Answer;
  Result<Answer> ask_for_answer(const Request& request);
  Result<Fd> ask(const Request& request);
  static Answer act(const Request& request);
  [[noreturn]] static void serve(int channel);

  std::mutex mutex_;
  Fd channel_;
  pid_t pid_ = -1;
};

}  // namespace weir::io
