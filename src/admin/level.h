// Who may do what on the runtime socket: `level` of a `stats socket` line. Manual: 5.1 level.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::admin {

enum class Level : std::uint8_t { user, operator_, admin };

constexpr std::string_view level_name(Level level) {
  constexpr std::string_view kNames[] = {"user", "operator", "admin"};
  return kNames[static_cast<unsigned>(level)];
}

/// How serious an answer is stands before it, if the session wants that. Manual: 5.1 severity-output.
enum class SeverityOutput : std::uint8_t { none, number, string };

constexpr std::optional<SeverityOutput> severity_named(std::string_view name) {
  constexpr std::string_view kNames[] = {"none", "number", "string"};
  for (unsigned i = 0; i < 3; i++)
    if (name == kNames[i]) return static_cast<SeverityOutput>(i);
  return std::nullopt;
}

/// A `stats socket` line without a level is the operator's.
constexpr Level level_named(std::string_view name) {
  if (name == level_name(Level::admin)) return Level::admin;
  return name == level_name(Level::user) ? Level::user : Level::operator_;
}

}  // namespace weir::admin
