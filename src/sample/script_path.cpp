#include "sample/script_path.h"

#include "proto/http/text.h"

namespace weir::sample {
namespace {

std::string_view group(std::string_view text, const Regex::Groups& groups, std::size_t number) {
  const std::size_t from = groups[2 * number];
  const std::size_t to = groups[2 * number + 1];
  if (from == Regex::kUnset || to == Regex::kUnset) return {};
  return text.substr(from, to - from);
}

}  // namespace

std::optional<std::size_t> decode_path(std::string_view path, char* out) {
  char* const start = out;
  while (!path.empty()) {
    std::size_t taken = 1;
    int byte = static_cast<unsigned char>(path[0]);
    if (path[0] == '%') {
      byte = proto::http::escaped_byte(path);
      if (byte < 0) return std::nullopt;
      taken = 3;
    }
    *out++ = static_cast<char>(byte);
    path.remove_prefix(taken);
  }
  return static_cast<std::size_t>(out - start);
}

std::optional<ScriptPath> script_path(std::string_view decoded, const Regex* path_info) {
  ScriptPath script{.name = decoded, .path_info = {}};
  if (path_info == nullptr) return script;
  // Manual, path-info: bytes that would make the expression fail on a path that it means.
  if (decoded.find_first_of(std::string_view("\n\0", 2)) != std::string_view::npos) return std::nullopt;
  Regex::Groups groups;
  groups.fill(Regex::kUnset);
  if (!path_info->find(decoded, 0, groups)) return script;
  return ScriptPath{.name = group(decoded, groups, 1), .path_info = group(decoded, groups, 2)};
}

}  // namespace weir::sample
