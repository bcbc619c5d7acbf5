// A request's target taken apart, and the parameters behind its question mark.
//
// Views only. What is asked of a target is decided by its form: a path begins at the first slash behind the authority,
// "*" has none, CONNECT's is an authority and nothing else. Nothing is decoded: rules compare what was sent, and a
// converter decodes when it is wanted. Spec: RFC 9112 3.2, RFC 3986.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::http {

struct Target {
  std::string_view scheme;      // absolute form; empty otherwise
  std::string_view authority;   // absolute form, or all of it (CONNECT), with the user before "@"
  std::string_view path_query;  // from the first slash on; empty: there is none
};
/// `authority_form`: the method is CONNECT.
[[nodiscard]] Target split_target(std::string_view target, bool authority_form = false);

/// Up to the question mark.
[[nodiscard]] std::string_view path_of(std::string_view path_query);
/// Behind the first question mark; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> query_of(std::string_view path_query);
/// The authority without "user@".
[[nodiscard]] std::string_view without_user(std::string_view authority);
/// "host:port", "[::1]:port", "host": the host, brackets included.
[[nodiscard]] std::string_view host_of(std::string_view authority);
/// Whether all bytes are such as a host, its port included, may have. RFC 3986 3.2.2.
[[nodiscard]] bool is_host(std::string_view text);
/// One to five digits, at most 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view digits);
/// Digits behind the last colon; nothing when there are none or they are no port.
[[nodiscard]] std::optional<std::uint16_t> port_of(std::string_view authority);

/// Walks "a=1&b=2". Parameters end at any character of `ends`, which outlives the walk. One without '=' has no value
/// and is skipped; an empty name is a name.
class ParameterWalk {
 public:
  explicit ParameterWalk(std::string_view parameters, std::string_view ends = "&") : text_(parameters), ends_(ends) {}
  struct Parameter {
    std::string_view name;
    std::string_view value;
  };
  [[nodiscard]] std::optional<Parameter> next();
  /// Where the next one begins: to go on later.
  [[nodiscard]] std::size_t position() const { return position_; }
  void go_to(std::size_t position) { position_ = position; }

 private:
  std::string_view text_;
  std::string_view ends_;
  std::size_t position_ = 0;
};

}  // namespace weir::proto::http
