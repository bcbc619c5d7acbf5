#include "io/slab.h"

#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_FRESH_FRAMES 1
#endif
#endif

namespace weir::io {

namespace {

// The pointer outlives the object in thread exit: a plain pointer has no destructor, and null sends late frames to the
// allocator.
thread_local FrameSlab* local_slab = nullptr;
thread_local bool thread_ending = false;

struct Local {
  FrameSlab slab;
  Local() { local_slab = &slab; }
  ~Local() {
    local_slab = nullptr;
    thread_ending = true;
  }
};

FrameSlab* local() {
  if (local_slab == nullptr && !thread_ending) {
    thread_local Local mine;
    return &mine.slab;
  }
  return local_slab;
}

}  // namespace

FrameSlab::~FrameSlab() {
  for (List& list : lists_) {
    while (list.first != nullptr) {
      Free* const block = list.first;
      list.first = block->next;
      ::operator delete(block);
    }
  }
}

void* FrameSlab::allocate(std::size_t size) {
  const std::size_t index = (size + kStep - 1) / kStep;
  if (index == 0 || index > kClasses) return ::operator new(size);
#ifndef WEIR_FRESH_FRAMES
  List& list = lists_[index - 1];
  if (list.first != nullptr) {
    Free* const block = list.first;
    list.first = block->next;
    --list.count;
    return block;
  }
#endif
  return ::operator new(index * kStep);
}

void FrameSlab::release(void* block, std::size_t size) noexcept {
#ifndef WEIR_FRESH_FRAMES
  const std::size_t index = (size + kStep - 1) / kStep;
  if (index != 0 && index <= kClasses && lists_[index - 1].count < kCachedPerClass) {
    List& list = lists_[index - 1];
    list.first = new (block) Free{list.first};
    ++list.count;
    return;
  }
#else
  static_cast<void>(size);
#endif
  ::operator delete(block);
}

std::size_t FrameSlab::cached() const {
  std::size_t sum = 0;
  for (const List& list : lists_) sum += list.count;
  return sum;
}

void* FrameSlab::allocate_local(std::size_t size) {
  FrameSlab* const slab = local();
  // Rounded as allocate() does: another thread's slab may get the block back.
  if (slab == nullptr) return ::operator new((size + kStep - 1) / kStep * kStep);
  return slab->allocate(size);
}

void FrameSlab::release_local(void* block, std::size_t size) noexcept {
  FrameSlab* const slab = local();
  if (slab == nullptr) {
    ::operator delete(block);
    return;
  }
  slab->release(block, size);
}

}  // namespace weir::io
