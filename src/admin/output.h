// What a command says on its way to the client: a bounded buffer before a socket.
//
// A command appends to `text` and gives way at its own pace with room() (between items) or flush(). A client that
// does not read for `timeout` ends the session; nothing is ever kept beyond one piece and what a command adds between
// two calls. Once broken, everything is dropped, so that commands need no error paths of their own.
#pragma once

#include <string>

#include "base/time.h"
#include "io/stream.h"
#include "io/task.h"

namespace weir::admin {

class Output {
 public:
  Output(io::Stream& stream, Milliseconds timeout) : stream_(stream), timeout_(timeout) {}

  std::string text;

  /// Sends when a piece is full; false: the client is gone, stop.
  io::Task<bool> room();
  /// Sends all there is.
  io::Task<bool> flush();
  [[nodiscard]] bool broken() const { return broken_; }
  void set_timeout(Milliseconds timeout) { timeout_ = timeout; }

 private:
  static constexpr std::size_t kPiece = 16 * 1024;
  io::Stream& stream_;
  Milliseconds timeout_;
  bool broken_ = false;
};

}  // namespace weir::admin
