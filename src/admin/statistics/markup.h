// Text and figures as HTML. The script of the page writes figures in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::admin {

/// What may stand in text and in an attribute between quotation marks.
void append_escaped(std::string& out, std::string_view text);
[[nodiscard]] std::string escaped(std::string_view text);

enum class Figure : std::uint8_t { count, text, bytes, seconds, milliseconds };
/// The word of the kind in data-k; none for a count.
[[nodiscard]] std::string_view figure_word(Figure kind);
/// "12 345", "1.2 MB", "3h 20m", "7 ms".
[[nodiscard]] std::string written(Figure kind, std::uint64_t value);

/// How a status looks: up, down, change, rest.
[[nodiscard]] std::string_view tone_of(std::string_view status);

}  // namespace weir::admin
