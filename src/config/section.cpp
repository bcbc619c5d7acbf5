#include "config/section.h"

#include <fmt/format.h>

namespace weir::config {

std::size_t first_bad_name_character(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); i++) {
    const char c = name[i];
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_' || c == '.' || c == ':';
    if (!good) return i;
  }
  return std::string_view::npos;
}

bool UniqueNames::claim(std::string_view name, SourcePosition at, std::string_view what, Diagnostics& diagnostics) {
  const auto [it, fresh] = taken_.emplace(std::string(name), at);
  if (fresh) return true;
  diagnostics.error(at, fmt::format("{} '{}' already exists", what, name)).hint = fmt::format(
      "the first one is at {}:{}; choose another name", diagnostics.file_name(it->second.file), it->second.line);
  return false;
}

const SourcePosition* UniqueNames::find(std::string_view name) const {
  const auto it = taken_.find(name);
  return it == taken_.end() ? nullptr : &it->second;
}

}  // namespace weir::config
