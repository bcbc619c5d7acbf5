// The script that a path names, for FastCGI applications: the path is decoded, then taken apart by an expression.
//
// The first group is the script's name, the second one what follows it. Where nothing matches, all of the path is the
// name. Manual: 10.1 (path-info).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sample/regex.h"

namespace weir::sample {

/// Writes `path` with "%2e" as a dot into `out`, which has room for all of it; how long it is. Nothing: it is broken.
[[nodiscard]] std::optional<std::size_t> decode_path(std::string_view path, char* out);

struct ScriptPath {
  std::string_view name;
  std::string_view path_info;
};
/// Of a decoded path; `path_info` may be null. Nothing: a byte that the expression would not see through.
[[nodiscard]] std::optional<ScriptPath> script_path(std::string_view decoded, const Regex* path_info);

}  // namespace weir::sample
