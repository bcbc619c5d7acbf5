// The words of commands on maps and ACLs, and the line in which `get map` and `get acl` answer. Manual: management 9.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sample/reference_book.h"

namespace weir::admin {

/// "@12"; nullopt: it is none.
[[nodiscard]] std::optional<std::uint32_t> parse_list_version(std::string_view word);
/// "#0x1f", the name of one entry that `show map` gives; nullopt: it is none, but a key.
[[nodiscard]] std::optional<std::uint64_t> parse_entry_name(std::string_view word);
[[nodiscard]] std::string_view without_leading_blanks(std::string_view text);

/// What `list` has for `value` when it is asked as `use` asks. On a worker, which keeps nothing of it.
void write_list_answer(std::string& out, sample::PatternReference& list, const sample::ReferenceUse& use,
                       std::string_view value, bool as_map);

}  // namespace weir::admin
