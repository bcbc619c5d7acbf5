// All words of a set searched for in one pass over the text, whatever their number: an Aho-Corasick automaton.
//
// States are the beginnings of the words, numbered by length and then by order, so that the children of a state stand
// side by side and one number says where they begin; the way back (the longest end of a state that is a beginning too)
// always leads to a lower number. Texts mostly stay near the root: the first states have complete rows, one load a
// byte, and only what lies deeper looks for its child and goes back. 13 bytes for each beginning and 2 MB for rows at
// most. Each state knows the lowest number of the words that end there, so a search tells which word comes first in the
// list. Immutable, shared by all threads.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace weir::sample {

class SubstringIndex {
 public:
  /// A walk through so few words costs no more than the automaton.
  static constexpr std::size_t kFew = 8;
  /// Bytes of all words together: beyond, there is no automaton.
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  /// nullptr when the words are few, or too long together.
  static std::unique_ptr<const SubstringIndex> build(std::span<const std::string_view> words);

  [[nodiscard]] bool is_any_in(std::string_view text) const;
  /// The lowest position in `words` of one that is in `text`, or kNone.
  [[nodiscard]] std::uint32_t first_in(std::string_view text) const;

 private:
  SubstringIndex() = default;
  void grow(std::span<const std::string_view> words);
  void link();
  void fill_rows();
  [[nodiscard]] std::uint32_t child(std::uint32_t state, unsigned char byte) const;
  [[nodiscard]] std::uint32_t next(std::uint32_t state, unsigned char byte) const;

  std::array<std::uint8_t, 256> class_{};  // of bytes: 0 for all that are in no word
  std::uint32_t classes_ = 1;
  std::uint32_t with_rows_ = 0;       // so many states, the first ones
  std::vector<std::uint32_t> rows_;   // with_rows_ times classes_
  std::vector<std::uint32_t> begin_;  // where a state's children begin; they end where the next one's begin
  std::vector<std::uint32_t> back_;
  std::vector<std::uint32_t> word_;  // the lowest that ends here, or kNone
  std::vector<unsigned char> label_;
};

}  // namespace weir::sample
