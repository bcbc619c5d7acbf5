// What http-request normalize-uri does to a target, one kind at a time.
//
// Each kind is a pure function from a target to a target that is never longer, but for the fragment's "%23". RFC
// 3986 6.2.2.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weir::proto::http {

enum class Normalizer : std::uint8_t {
  fragment_encode,
  fragment_strip,
  path_merge_slashes,
  path_strip_dot,
  path_strip_dotdot,
  percent_decode_unreserved,
  percent_to_uppercase,
  query_sort_by_name,
};

struct Normalized {
  enum class Outcome : std::uint8_t { unchanged, changed, invalid, no_room } outcome = Outcome::unchanged;
  std::string_view target;  // changed: in `out`
};
/// `out` has room for the target and two bytes more (fragment_encode), or the outcome is no_room. `full` is
/// path-strip-dotdot's option, `strict` that of the two that read "%xx": what is no such sequence is invalid then.
[[nodiscard]] Normalized normalize(Normalizer kind, std::string_view target, bool full_or_strict, std::span<char> out);

}  // namespace weir::proto::http
