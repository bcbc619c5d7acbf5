#include "sample/pattern_file.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/outside.h"

namespace weir::sample {
namespace {
/// Files larger than this are refused: a mistake, not a list.
constexpr std::size_t kMaxPatternFile = std::size_t{256} << 20;
}  // namespace

ListName parse_list_name(std::string_view text) {
  if (text.starts_with("virt@")) return {.name = text, .is_virtual = true};
  if (text.starts_with("opt@")) return {.name = text.substr(4), .optional = true};
  if (text.starts_with("file@")) return {.name = text.substr(5)};
  return {.name = text};
}

Result<std::string> read_pattern_file(std::string_view text) {
  const ListName list = parse_list_name(text);
  if (list.is_virtual) return std::string();
  auto content = read_outside(std::string(list.name), kMaxPatternFile);
  if (content) return content;
  if (list.optional && content.error().message == std::strerror(ENOENT)) return std::string();
  return fail(fmt::format("cannot open '{}': {}", list.name, content.error().message));
}

}  // namespace weir::sample
