// The Forwarded field: who a request came from, as proxies tell each other.
//
// An element is pairs between semicolons, for=, by=, host=, proto= and others, values as tokens or quoted. A node,
// which for and by hold, is a name and maybe a port; either may be hidden behind an identifier of its own. Spec: RFC
// 7239 4, 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::http {

/// Whether all elements of a list, or the one, are as the specification wants them.
[[nodiscard]] bool is_forwarded(std::string_view value);
/// The value of a parameter in the first element that has it, without quotes; for what is_forwarded() holds.
[[nodiscard]] std::optional<std::string_view> forwarded_parameter(std::string_view value, std::string_view name);

struct Node {
  std::string_view name;  // 192.0.2.1, 2001:db8::1 (no brackets), unknown, _hidden
  std::string_view port;  // digits, _hidden, or empty
};
[[nodiscard]] std::optional<Node> parse_node(std::string_view text);
/// An identifier's characters behind its underscore, at least one: letters, digits, '.', '_', '-'.
[[nodiscard]] bool is_hidden_name(std::string_view text);

}  // namespace weir::proto::http
