// Memory of one evaluation: a bump pointer over one fixed block, reset between requests and never freed.
//
// Fetches and converters that must build a value (lower, hex, a joined hello) take bytes here; most only borrow. The
// block has a hard end: a value that does not fit is absent, never an allocation. One worker owns an arena.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace weir::sample {

class Arena {
 public:
  /// Room for any sequence of values built from one buffer (16 kB): a joined hello, its text, a few copies.
  static constexpr std::size_t kDefaultCapacity = 65536;

  explicit Arena(std::size_t capacity = kDefaultCapacity)
      : block_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

  /// `size` bytes, uninitialised; nullptr when they do not fit (never for size 0).
  [[nodiscard]] char* take(std::size_t size) {
    if (size > capacity_ - used_) return nullptr;
    char* at = block_.get() + used_;
    used_ += size;
    return at;
  }
  /// Gives the tail of the latest take() back: it turned out that only `size` of `taken` bytes were needed.
  void keep(const char* start, std::size_t size) { used_ = static_cast<std::size_t>(start - block_.get()) + size; }
  [[nodiscard]] std::optional<std::string_view> copy(std::string_view text) {
    char* at = take(text.size());
    if (at == nullptr) return std::nullopt;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return std::string_view(at, text.size());
  }

  [[nodiscard]] std::size_t mark() const { return used_; }
  /// Forgets everything taken since `mark`; values that borrow from there are dead.
  void rewind(std::size_t mark) { used_ = mark; }
  void reset() { used_ = 0; }
  [[nodiscard]] std::size_t room() const { return capacity_ - used_; }

 private:
  std::unique_ptr<char[]> block_;
  std::size_t capacity_;
  std::size_t used_ = 0;
};

}  // namespace weir::sample
