// A compiled regular expression: PCRE2, with machine code where the processor has it (regex.cpp). Manual 7.1.4.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace weir::sample {

class Regex {
 public:
  static Result<Regex> compile(std::string_view pattern, bool ignore_case);
  [[nodiscard]] bool matches(std::string_view subject) const;
  /// First match from `start`: offsets of the match and its groups as pairs, kUnset for unused groups.
  static constexpr std::size_t kUnset = static_cast<std::size_t>(-1);
  using Groups = std::array<std::size_t, 20>;
  [[nodiscard]] bool find(std::string_view subject, std::size_t start, Groups& groups) const;

 private:
  std::shared_ptr<void> code_;
};

}  // namespace weir::sample
