// One line of configuration becomes words.
//
// Quotes, backslashes and variables are resolved here and only here; whoever gets a Word sees its final text and knows
// where it stood. Weak quotes ("") expand variables and escapes, strong quotes ('') nothing; outside of quotes a dollar
// is a plain character. A line ends at its line feed: a backslash there continues nothing. Manual: 2.1, 2.2, 2.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "config/environment.h"

namespace weir::config {

constexpr std::size_t kMaxLineLength = 64U << 10U;   // bytes as written
constexpr std::size_t kMaxWords = 1024;              // words of one line
constexpr std::size_t kMaxExpandedLine = 1U << 20U;  // bytes after variables were expanded

struct Word {
  std::string text;     // final: unquoted, unescaped, expanded
  SourcePosition at;    // where the word begins in the file, and its length as written, quotes included
  bool quoted = false;  // any part of it stood in quotes: "" is a word, and a quoted "#" is no comment
  friend bool operator==(const Word& word, std::string_view wanted) { return word.text == wanted; }
};
using Words = std::vector<Word>;

/// What variables resolve to on this line.
struct LexScope {
  const Environment* environment = nullptr;  // null: every variable is unset
  std::string_view file = {};                // ${.FILE}
  std::string_view section = {};             // ${.SECTION}
};

/// Cuts `line` (without its line feed) into words. `start` is the position of its first character; ${.LINE} is
/// start.line. False when something was wrong; it was reported and `out` holds the words before it.
bool lex_line(std::string_view line, SourcePosition start, const LexScope& scope, Diagnostics& diagnostics, Words& out);

/// The words joined by single spaces, as conditions and old keywords see the rest of a line.
std::string joined(const Word* begin, const Word* end);

}  // namespace weir::config
