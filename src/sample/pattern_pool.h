// The memory of one generation of patterns: pieces cut from blocks, given back into lists by size, let go all at once.
//
// A million entries are a few hundred blocks: nothing is allocated or freed one by one when a file is read or a whole
// generation goes. Blocks grow from small ones, as most references hold a handful of patterns; the largest are mapped,
// so that the system has them back at once when they go. Used under the reference's lock.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace weir::sample {

class PatternPool {
 public:
  PatternPool() = default;
  PatternPool(const PatternPool&) = delete;
  PatternPool& operator=(const PatternPool&) = delete;
  ~PatternPool() {
    while (large_ != nullptr) give_large(large_);
    for (void* block : mapped_) ::munmap(block, kLastBlock);
  }

  /// Aligned for pointers.
  void* take(std::size_t size) {
    size = rounded(size);
    if (size > kLargest) return take_large(size);
    Free*& list = free_[size / kGrain];
    if (list != nullptr) {
      Free* const piece = list;
      list = piece->next;
      return piece;
    }
    if (size > left_) add_block();
    char* const piece = at_;
    at_ += size;
    left_ -= size;
    return piece;
  }

  /// `size` as it was taken.
  void give(void* piece, std::size_t size) {
    size = rounded(size);
    if (size > kLargest) {
      give_large(reinterpret_cast<Large*>(static_cast<char*>(piece) - sizeof(Large)));
      return;
    }
    Free*& list = free_[size / kGrain];
    list = new (piece) Free{list};
  }

 private:
  static constexpr std::size_t kGrain = 8;
  static constexpr std::size_t kLargest = 512;
  static constexpr std::size_t kFirstBlock = 512;
  static constexpr std::size_t kLastBlock = std::size_t{2} << 20;
  struct Free {
    Free* next;
  };
  struct Large {
    Large* previous;
    Large* next;
  };
  static std::size_t rounded(std::size_t size) { return (size + kGrain - 1) / kGrain * kGrain; }

  // What is left of the block before is lost: less than a piece.
  void add_block() {
    left_ = next_block_;
    if (next_block_ == kLastBlock && add_mapped()) return;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(next_block_));
    at_ = blocks_.back().get();
    next_block_ = std::min(next_block_ * 2, kLastBlock);
  }

  // Aligned to its size, so that it may be one large page: lookups in a million entries wait less for addresses.
  bool add_mapped() {
    void* const whole = ::mmap(nullptr, 2 * kLastBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED) return false;
    char* const start = static_cast<char*>(whole);
    const std::size_t before = (kLastBlock - reinterpret_cast<std::uintptr_t>(start) % kLastBlock) % kLastBlock;
    if (before != 0) ::munmap(start, before);
    ::munmap(start + before + kLastBlock, kLastBlock - before);
    at_ = start + before;
    ::madvise(at_, kLastBlock, MADV_HUGEPAGE);
    mapped_.push_back(at_);
    return true;
  }

  void* take_large(std::size_t size) {
    auto* const piece = new (::operator new(sizeof(Large) + size)) Large{nullptr, large_};
    if (large_ != nullptr) large_->previous = piece;
    large_ = piece;
    return reinterpret_cast<char*>(piece) + sizeof(Large);
  }
  void give_large(Large* piece) {
    (piece->previous != nullptr ? piece->previous->next : large_) = piece->next;
    if (piece->next != nullptr) piece->next->previous = piece->previous;
    ::operator delete(piece);
  }

  std::array<Free*, kLargest / kGrain + 1> free_{};
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<void*> mapped_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t next_block_ = kFirstBlock;
  Large* large_ = nullptr;
};

}  // namespace weir::sample
