#include "sample/substring_index.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace weir::sample {
namespace {

constexpr std::uint32_t kRoot = 0;
constexpr std::size_t kMostCells = std::size_t{2} << 18;  // of rows: 2 MB

}  // namespace

std::unique_ptr<const SubstringIndex> SubstringIndex::build(std::span<const std::string_view> words) {
  if (words.size() <= kFew) return nullptr;
  std::size_t bytes = 0;
  for (const std::string_view word : words) bytes += word.size();
  if (bytes > kMostBytes) return nullptr;
  std::unique_ptr<SubstringIndex> index(new SubstringIndex);
  index->grow(words);
  index->link();
  index->fill_rows();
  return index;
}

// A state is a stretch of the sorted words: those that begin with its bytes. Its own word, if it is one, stands first;
// the rest falls into stretches by the byte that follows, which are its children.
void SubstringIndex::grow(std::span<const std::string_view> words) {
  std::vector<std::uint32_t> sorted(words.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::ranges::sort(sorted, [&](std::uint32_t a, std::uint32_t b) {
    const int order = words[a].compare(words[b]);
    return order != 0 ? order < 0 : a < b;
  });
  struct Stretch {
    std::uint32_t from;
    std::uint32_t to;
  };
  std::vector<Stretch> level{{0, static_cast<std::uint32_t>(sorted.size())}};
  label_.push_back(0);
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    std::vector<Stretch> below;
    for (auto [from, to] : level) {
      word_.push_back(words[sorted[from]].size() == depth ? sorted[from] : kNone);
      while (from != to && words[sorted[from]].size() == depth) ++from;
      // Behind this level's states, and behind the children of those before.
      begin_.push_back(static_cast<std::uint32_t>(label_.size()));
      while (from != to) {
        const char byte = words[sorted[from]][depth];
        std::uint32_t end = from + 1;
        while (end != to && words[sorted[end]][depth] == byte) ++end;
        label_.push_back(static_cast<unsigned char>(byte));
        below.push_back({from, end});
        from = end;
      }
    }
    level = std::move(below);
  }
  begin_.push_back(static_cast<std::uint32_t>(label_.size()));
}

std::uint32_t SubstringIndex::child(std::uint32_t state, unsigned char byte) const {
  const std::uint32_t begin = begin_[state];
  const std::uint32_t count = begin_[state + 1] - begin;
  if (count == 0) return kRoot;
  const void* const found = std::memchr(&label_[begin], byte, count);
  return found == nullptr
             ? kRoot
             : begin + static_cast<std::uint32_t>(static_cast<const unsigned char*>(found) - &label_[begin]);
}

void SubstringIndex::link() {
  const auto states = static_cast<std::uint32_t>(label_.size());
  back_.assign(states, kRoot);
  for (std::uint32_t state = 0; state < states; ++state) {
    word_[state] = std::min(word_[state], word_[back_[state]]);
    for (std::uint32_t one = begin_[state]; one < begin_[state + 1]; ++one) {
      if (state == kRoot) continue;
      std::uint32_t end = back_[state];
      while (end != kRoot && child(end, label_[one]) == kRoot) end = back_[end];
      back_[one] = child(end, label_[one]);
    }
  }
}

// Of a state: what the way back has, with its own children over it.
void SubstringIndex::fill_rows() {
  for (std::size_t state = 1; state < label_.size(); ++state) {
    std::uint8_t& known = class_[label_[state]];
    // All 256 bytes in words leave no class for others, and need none: the last one shares class 0 with nobody.
    if (known == 0 && classes_ < 256) known = static_cast<std::uint8_t>(classes_++);
  }
  with_rows_ = static_cast<std::uint32_t>(std::min(label_.size(), kMostCells / classes_));
  rows_.assign(std::size_t{with_rows_} * classes_, kRoot);
  for (std::uint32_t state = 0; state < with_rows_; ++state) {
    const auto row = rows_.begin() + std::ptrdiff_t{state} * classes_;
    if (state != kRoot) std::copy_n(rows_.begin() + std::ptrdiff_t{back_[state]} * classes_, classes_, row);
    for (std::uint32_t one = begin_[state]; one < begin_[state + 1]; ++one) row[class_[label_[one]]] = one;
  }
}

inline std::uint32_t SubstringIndex::next(std::uint32_t state, unsigned char byte) const {
  while (state >= with_rows_) {
    if (const std::uint32_t found = child(state, byte); found != kRoot) return found;
    state = back_[state];
  }
  return rows_[std::size_t{state} * classes_ + class_[byte]];
}

bool SubstringIndex::is_any_in(std::string_view text) const {
  std::uint32_t state = kRoot;
  if (word_[state] != kNone) return true;
  for (const char byte : text) {
    state = next(state, static_cast<unsigned char>(byte));
    if (word_[state] != kNone) return true;
  }
  return false;
}

std::uint32_t SubstringIndex::first_in(std::string_view text) const {
  std::uint32_t state = kRoot;
  std::uint32_t found = word_[state];
  for (const char byte : text) {
    if (found == 0) break;
    state = next(state, static_cast<unsigned char>(byte));
    found = std::min(found, word_[state]);
  }
  return found;
}

}  // namespace weir::sample
