#include "io/splice.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"

namespace weir::io {

Pipe* PipePool::take() {
  if (!free_.empty()) {
    Pipe* const pipe = free_.back().release();
    free_.pop_back();
    ++in_use_;
    return pipe;
  }
  int ends[2];
  if (in_use_ >= max_pipes_ || ::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  auto pipe = std::make_unique<Pipe>();
  pipe->reader = Fd(ends[0]);
  pipe->writer = Fd(ends[1]);
  // Best effort: an unprivileged process is held to pipe-max-size and to a sum of all its user's pipes.
  if (pipe_size_ != 0) static_cast<void>(::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(pipe_size_)));
  pipe->capacity = static_cast<std::uint32_t>(std::max(::fcntl(ends[0], F_GETPIPE_SZ), 4096));
  ++in_use_;
  return pipe.release();
}

void PipePool::give(Pipe* pipe) {
  if (pipe == nullptr) return;
  std::unique_ptr<Pipe> owned(pipe);
  WEIR_ASSERT(in_use_ > 0);
  --in_use_;
  if (owned->held == 0) free_.push_back(std::move(owned));
}

ssize_t splice_in(int socket, Pipe& pipe, std::size_t most) {
  for (;;) {
    const ssize_t moved =
        ::splice(socket, nullptr, pipe.writer.get(), nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved >= 0) {
      pipe.held += static_cast<std::uint32_t>(moved);
      return moved;
    }
    if (errno != EINTR) return -errno;
  }
}

ssize_t splice_out(Pipe& pipe, int socket, bool more) {
  const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0U);
  for (;;) {
    const ssize_t moved = ::splice(pipe.reader.get(), nullptr, socket, nullptr, pipe.held, flags);
    if (moved >= 0) {
      pipe.held -= static_cast<std::uint32_t>(moved);
      return moved;
    }
    if (errno != EINTR) return -errno;
  }
}

}  // namespace weir::io
