// Pipes for splice(2): bytes of a large transfer go from socket to socket without being copied.
//
// A pipe belongs to a flow only while it holds bytes, so a few pipes serve many connections. A worker has at most
// `max_pipes`; when they are out, take() says so and the flow copies instead. Manual: maxpipes, tune.pipesize, option
// splice-*.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/fd.h"

namespace weir::io {

struct Pipe {
  Fd reader;
  Fd writer;
  std::uint32_t capacity = 0;
  std::uint32_t held = 0;  // bytes inside; kept by splice_in and splice_out
};

class PipePool {
 public:
  /// `pipe_size` 0 leaves the kernel's size; otherwise as near as the kernel permits.
  PipePool(std::size_t max_pipes, std::size_t pipe_size) : max_pipes_(max_pipes), pipe_size_(pipe_size) {}
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// nullptr: the bound is reached or the process has no descriptors left. Copy instead.
  [[nodiscard]] Pipe* take();
  /// A pipe that still holds bytes is closed, not reused.
  void give(Pipe* pipe);
  /// Closes the pipes that nobody uses.
  void flush() { free_.clear(); }
  [[nodiscard]] std::size_t in_use() const { return in_use_; }
  [[nodiscard]] std::size_t cached() const { return free_.size(); }
  [[nodiscard]] std::size_t pipe_size() const { return pipe_size_; }

 private:
  std::size_t max_pipes_;
  std::size_t pipe_size_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Pipe>> free_;
};

/// Moves up to `most` bytes from the socket into the pipe. Bytes moved; 0 at the end of input; -errno. EAGAIN: the
/// socket is empty, or the pipe took no more (then pipe.held != 0).
ssize_t splice_in(int socket, Pipe& pipe, std::size_t most);
/// Moves what the pipe holds to the socket. Bytes moved; -errno. `more`: further bytes follow at once (MSG_MORE).
ssize_t splice_out(Pipe& pipe, int socket, bool more = false);

}  // namespace weir::io
