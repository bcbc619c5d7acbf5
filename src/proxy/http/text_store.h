// Text that lives as long as a request: what rules wrote into heads, what the log will say.
//
// A bump pointer over buffers of the worker's pool, which come when the first text does and go back with the request.
// Bounded: a few buffers, then nothing more fits, which a rule counts as a failed rewrite. One worker.
#pragma once

#include <cstring>
#include <optional>
#include <string_view>

#include "io/buffer_pool.h"

namespace weir::proxy {

class TextStore {
 public:
  static constexpr unsigned kMostBuffers = 4;

  explicit TextStore(io::BufferPool& pool) : pool_(pool) {}
  TextStore(const TextStore&) = delete;
  TextStore& operator=(const TextStore&) = delete;
  ~TextStore() { clear(); }

  /// Uninitialised; null when it does not fit. One text is no longer than a buffer.
  [[nodiscard]] char* take(std::size_t size) {
    if (count_ == 0 || size > pool_.buffer_size() - used_) {
      if (count_ == kMostBuffers || size > pool_.buffer_size()) return nullptr;
      buffers_[count_++] = pool_.take();
      used_ = 0;
    }
    char* at = buffers_[count_ - 1] + used_;
    used_ += size;
    return at;
  }
  /// Gives the tail of the latest take() back.
  void keep_only(const char* start, std::size_t size) {
    used_ = static_cast<std::size_t>(start - buffers_[count_ - 1]) + size;
  }
  [[nodiscard]] std::optional<std::string_view> copy(std::string_view text) {
    char* at = take(text.size());
    if (at == nullptr) return std::nullopt;
    std::memcpy(at, text.data(), text.size());
    return std::string_view(at, text.size());
  }
  void clear() {
    while (count_ != 0) pool_.give(buffers_[--count_]);
    used_ = 0;
  }

 private:
  io::BufferPool& pool_;
  char* buffers_[kMostBuffers] = {};
  std::size_t used_ = 0;
  unsigned count_ = 0;
};

}  // namespace weir::proxy
