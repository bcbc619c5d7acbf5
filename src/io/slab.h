// Coroutine frames come from here: free lists per size class and thread, so starting an activity is a pop, not a
// malloc.
//
// Classes are multiples of 64 bytes up to 2 KiB; larger ones go to the allocator. The cache is bounded per class; above
// that memory goes back. A block may be freed on another thread, it then joins that thread's list. Under
// AddressSanitizer every block is a fresh allocation, so that a use after free is seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::io {

class FrameSlab {
 public:
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 32;
  static constexpr std::uint32_t kCachedPerClass = 256;

  FrameSlab() = default;
  FrameSlab(const FrameSlab&) = delete;
  FrameSlab& operator=(const FrameSlab&) = delete;
  ~FrameSlab();

  void* allocate(std::size_t size);
  void release(void* block, std::size_t size) noexcept;
  [[nodiscard]] std::size_t cached() const;

  /// This thread's. Usable until the thread ends, also while its other thread-locals die.
  static void* allocate_local(std::size_t size);
  static void release_local(void* block, std::size_t size) noexcept;

 private:
  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::uint32_t count = 0;
  };
  std::array<List, kClasses> lists_;
};

}  // namespace weir::io
