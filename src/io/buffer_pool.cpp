#include "io/buffer_pool.h"

#include "base/assert.h"

namespace weir::io {

BufferPool::~BufferPool() { flush(); }

void BufferPool::flush() {
  for (char* buffer : free_) delete[] buffer;
  free_.clear();
}

char* BufferPool::take() {
  ++in_use_;
  if (free_.empty()) return new char[size_];
  char* const buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void BufferPool::give(char* buffer) {
  if (buffer == nullptr) return;
  WEIR_ASSERT(in_use_ > 0);
  --in_use_;
  if (free_.size() < max_cached_) {
    free_.push_back(buffer);
  } else {
    delete[] buffer;
  }
}

}  // namespace weir::io
