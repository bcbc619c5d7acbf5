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

Result<std::string> read_pattern_file(std::string_view name) {
  const bool optional = name.starts_with("opt@");
  if (name.starts_with("virt@"))
    return fail(
        fmt::format("'{}': lists are not changed at run time in this version: a virtual one would stay empty", name));
  if (optional) name.remove_prefix(4);
  if (name.starts_with("file@")) name.remove_prefix(5);
  auto content = read_outside(std::string(name), kMaxPatternFile);
  if (content) return content;
  if (optional && content.error().message == std::strerror(ENOENT)) return std::string();
  return fail(fmt::format("cannot open '{}': {}", name, content.error().message));
}

}  // namespace weir::sample
