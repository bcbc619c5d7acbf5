// What it may cost to compile a regular expression into an automaton, estimated from its text.
//
// Automata grow with what expressions repeat: a position for each byte they may stand at, repeats with bounds copy
// them, and a group that repeats joins each of its ends with each of its beginnings. Nested repeats multiply, and keep
// a compiler of automata busy for minutes. The estimate adds the positions up, and for each repeated group their
// square. Also here: what PCRE2 and Vectorscan read in different ways, which is not to be compiled at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::sample {

/// nullopt: more than `most`, or not to be compiled.
[[nodiscard]] std::optional<std::uint64_t> regex_weight(std::string_view pattern, std::uint64_t most);

}  // namespace weir::sample
