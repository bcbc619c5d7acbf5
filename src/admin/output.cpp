#include "admin/output.h"

#include "io/worker.h"

namespace weir::admin {

io::Task<bool> Output::room() {
  if (text.size() < kPiece) co_return !broken_;
  const bool sent = co_await flush();
  co_return sent;
}

io::Task<bool> Output::flush() {
  if (!text.empty() && !broken_) {
    const auto sent = co_await stream_.write_all(text, stream_.worker().now() + timeout_);
    broken_ = !sent.has_value();
  }
  text.clear();
  co_return !broken_;
}

}  // namespace weir::admin
