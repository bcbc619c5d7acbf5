// The parts of a text between separators, as configurations write lists: "s1,s2".
#pragma once

#include <string_view>

namespace weir {

/// for (const std::string_view part : Parts(text, ','))   Empty parts count, and an empty text is one of them. The text
/// must outlive the walk.
class Parts {
 public:
  constexpr Parts(std::string_view text, char separator) : text_(text), separator_(separator) {}

  struct End {};
  class Iterator {
   public:
    constexpr Iterator(std::string_view text, char separator) : rest_(text), separator_(separator) { ++*this; }
    constexpr std::string_view operator*() const { return part_; }
    constexpr Iterator& operator++() {
      over_ = last_;
      const std::size_t at = rest_.find(separator_);
      last_ = at == std::string_view::npos;
      part_ = rest_.substr(0, at);
      rest_ = last_ ? std::string_view() : rest_.substr(at + 1);
      return *this;
    }
    constexpr bool operator==(End) const { return over_; }

   private:
    std::string_view rest_;
    std::string_view part_;
    char separator_;
    bool last_ = false;  // no separator follows the part
    bool over_ = false;
  };
  [[nodiscard]] constexpr Iterator begin() const { return {text_, separator_}; }
  [[nodiscard]] static constexpr End end() { return {}; }

 private:
  std::string_view text_;
  char separator_;
};

}  // namespace weir
