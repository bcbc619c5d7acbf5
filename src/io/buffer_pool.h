// A worker's buffers of tune.bufsize bytes: taken when bytes arrive, given back when they left, so an idle connection
// has none.
//
// The cache is bounded; what is above it goes back to the allocator. One thread.
#pragma once

#include <cstddef>
#include <vector>

namespace weir::io {

class BufferPool {
 public:
  BufferPool(std::size_t buffer_size, std::size_t max_cached) : size_(buffer_size), max_cached_(max_cached) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  [[nodiscard]] std::size_t buffer_size() const { return size_; }
  [[nodiscard]] char* take();
  void give(char* buffer);
  /// The cache goes back to the allocator.
  void flush();
  [[nodiscard]] std::size_t in_use() const { return in_use_; }
  [[nodiscard]] std::size_t cached() const { return free_.size(); }

 private:
  std::size_t size_;
  std::size_t max_cached_;
  std::size_t in_use_ = 0;
  std::vector<char*> free_;
};

}  // namespace weir::io
