// One line of the runtime socket as commands and words.
//
// `;` ends a command, white space ends a word, a backslash takes the next character as it is; quotes mean nothing. A
// last word of `<<` and up to 64 characters says that a payload follows, up to a line that holds just these characters.
// Manual: management 9.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::admin {

struct CommandLine {
  /// In order; one without words stands where nothing was between two separators.
  std::vector<std::vector<std::string>> commands;
  /// The line that ends the payload of the last command; absent: there is no payload.
  std::optional<std::string> payload_end;
};

inline constexpr std::size_t kMostPayloadPattern = 64;

/// `line` without its line feed (a carriage return before it is dropped).
CommandLine split_command_line(std::string_view line);

}  // namespace weir::admin
