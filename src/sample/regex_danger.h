// Regular expressions that take forever on some texts: (a+)+$ finds "aaaa" in as many ways as there are to cut it, and
// tries all of them before it says no.
//
// Told when the configuration is read. A look at the expression finds quantifiers around something that is itself
// variable, and what short texts go through them; whether that does harm is then not guessed but tried: PCRE2 gets such
// a text thirty times in a row and something that cannot match behind it. Only an expression that gives up is told of,
// so the many harmless ones that look alike ("(?:[^,]+,)*") are left alone. Bounded: some milliseconds an expression,
// and so many that are told of.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace weir::sample {

/// A text on which the expression gives up. nullopt: none was found.
[[nodiscard]] std::optional<std::string> endless_text(std::string_view pattern, bool ignore_case);

/// While it lives, expressions compiled on this thread are looked at, each once.
class RegexWatch {
 public:
  RegexWatch();
  RegexWatch(const RegexWatch&) = delete;
  RegexWatch& operator=(const RegexWatch&) = delete;
  ~RegexWatch();
  /// The innermost one of this thread, or nullptr.
  static RegexWatch* current();
  static void look_at(std::string_view pattern, bool ignore_case);

  struct Found {
    std::string pattern;
    std::string text;
  };
  /// Those since the last call.
  [[nodiscard]] std::vector<Found> take();

 private:
  static constexpr std::size_t kMostFound = 20;
  RegexWatch* outer_;
  std::unordered_set<std::string> seen_;
  std::vector<Found> found_;
  std::size_t told_ = 0;
};

}  // namespace weir::sample
