// docs/reference.md
#include "app/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::app {

std::string reference_markdown() {
  std::string text =
      "# Reference\n\nEvery word that weir knows, printed by `weir --reference` from the tables that the program "
      "itself "
      "reads by: what\nstands here works, and what does not stand here is refused with a message. `weir "
      "--reference=html` prints it as a page with a search box.\n";
  for (const ReferenceChapter& chapter : reference_chapters()) {
    text += fmt::format("\n## {}\n\n", chapter.title);
    for (const ReferenceEntry& entry : chapter.entries) {
      text += fmt::format("- `{}{}`", entry.name, entry.arguments);
      if (!entry.facts.empty()) text += fmt::format(" ({})", fmt::join(entry.facts, ", "));
      text += fmt::format(": {}", entry.text);
      if (!entry.example.empty()) text += fmt::format(" Example: `{}`", entry.example);
      if (!entry.result.empty())
        text += fmt::format(" is {}.", entry.result == "absent"
                                           ? entry.result
                                           : fmt::format("`{}`", entry.result.substr(1, entry.result.size() - 2)));
      text += '\n';
    }
  }
  return text;
}

}  // namespace weir::app
