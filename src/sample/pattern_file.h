// Files of patterns and maps, as ACLs (-f) and the map converters name them. Manual 2.7.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::sample {

/// The name that a list is known by, and what it stands for: "opt@" and "file@" are no part of it, "virt@" is.
struct ListName {
  std::string_view name;
  bool optional = false;
  bool is_virtual = false;
};
[[nodiscard]] ListName parse_list_name(std::string_view text);

/// What "file@name", or just the name, holds; nothing for a file behind "opt@" that is not there,
/// and for "virt@".
Result<std::string> read_pattern_file(std::string_view name);

/// Calls `see(line, number)` for each line that is no comment and not empty, without what leads it; stops where it says
/// false.
template <typename See>
void each_pattern_line(std::string_view content, const See& see) {
  for (std::size_t number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('#')) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.empty() && !see(line, number)) return;
  }
}

/// The key and the value of a map's line: the first word, and the rest without the blanks around it.
struct PatternLine {
  std::string_view key;
  std::string_view value;
};
[[nodiscard]] inline PatternLine split_pattern_line(std::string_view line) {
  const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
  std::string_view value = line.substr(space);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return {line.substr(0, space), value.substr(0, value.find_last_not_of(" \t") + 1)};
}

}  // namespace weir::sample
