// A posted form, application/x-www-form-urlencoded: "s=web1&s=web2&action=drain&b=farm".
//
// What is no escape stays as it is; the number of parameters is bounded by the buffer that held the form. Spec: the URL
// standard, 5.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::admin {

struct ServerForm {
  std::optional<std::string> action;
  std::string backend;
  std::vector<std::string> servers;
};

/// '+' is a space, "%41" an A.
[[nodiscard]] std::string form_decoded(std::string_view text);
/// The last action and backend, all servers; other parameters mean nothing.
[[nodiscard]] ServerForm read_form(std::string_view body);

}  // namespace weir::admin
