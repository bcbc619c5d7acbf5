// The reference manual, from the rows: every word that this program knows, with its sentence and its example. As
// docs/reference.md, and as one page of HTML that needs nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::app {

struct ReferenceEntry {
  std::string name;
  std::string arguments;           // as they are written behind it, parentheses included
  std::vector<std::string> facts;  // sections, types, levels: what one may look for
  std::string text;                // a sentence
  std::string example;
  std::string result;  // of the example, where it has one
};

struct ReferenceChapter {
  std::string_view key;  // for anchors
  std::string_view title;
  std::vector<ReferenceEntry> entries;
};

/// In the order of the manual. reference_rows.cpp
[[nodiscard]] std::vector<ReferenceChapter> reference_chapters();

[[nodiscard]] std::string reference_markdown();
[[nodiscard]] std::string reference_html();

}  // namespace weir::app
