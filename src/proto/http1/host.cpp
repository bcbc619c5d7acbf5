#include "proto/http1/host.h"

#include <cstring>

#include "proto/http/uri.h"

namespace weir::proto::http1 {
namespace {

using http::FieldId;
using http::Head;
using http::is_host;
using http::Method;
using http::Version;
using http::Violation;

/// A port that says no more than the scheme does, taken away. CONNECT has no scheme: COMPAT, both ports are usual then.
std::string_view without_usual_port(std::string_view authority, std::string_view scheme) {
  const std::string_view host = http::host_of(authority);
  if (host.size() == authority.size()) return authority;
  const std::string_view port = authority.substr(host.size() + 1);
  const bool usual = port.empty() || (port == "80" && !http::same_name(scheme, "https")) ||
                     (port == "443" && !http::same_name(scheme, "http"));
  return usual ? host : authority;
}

/// COMPAT: a target that names its scheme's own port travels on without it, and so does its Host. What stands before
/// the port moves up: the bytes are the caller's, who lets folds be written over as well.
void drop_port(Head& head, std::string_view authority, std::string_view named) {
  const std::size_t cut = authority.size() - named.size();
  char* const start = const_cast<char*>(head.target.data());
  std::memmove(start + cut, start, static_cast<std::size_t>(named.data() + named.size() - start));
  head.target.remove_prefix(cut);
}

/// host:port, both there.
bool is_connect_target(std::string_view target) {
  return is_host(target) && !http::host_of(target).empty() && http::port_of(target).has_value();
}

}  // namespace

Violation check_target(const Head& head, bool accept_unsafe) {
  if (accept_unsafe) return Violation::none;
  const std::string_view target = head.target;
  if (head.method == Method::connect) return is_connect_target(target) ? Violation::none : Violation::bad_target;
  if (target.find('#') != std::string_view::npos) return Violation::bad_target;  // RFC 9112 3.2: no fragment
  if (target.front() == '/' || target == "*") return Violation::none;
  const std::string_view authority = http::without_user(http::split_target(target).authority);
  return !authority.empty() && is_host(authority) ? Violation::none : Violation::bad_target;
}

Violation check_host(Head& head, bool accept_unsafe) {
  http::Field* host = nullptr;
  for (http::Field& field : head.fields()) {
    if (field.id != FieldId::host) continue;
    if (host == nullptr) {
      host = &field;
    } else {
      // COMPAT: the same one said twice is taken for one.
      if (!http::same_name(field.value, host->value)) return Violation::bad_host;
      field.removed = true;
    }
  }
  if (host != nullptr && !accept_unsafe && !is_host(host->value)) return Violation::bad_host;
  if (accept_unsafe || head.target.front() == '/' || head.target == "*") return Violation::none;
  const http::Target parts = http::split_target(head.target, head.method == Method::connect);
  const std::string_view authority = http::without_user(parts.authority);
  const std::string_view named = without_usual_port(authority, parts.scheme);
  const bool says_usual = named.size() != authority.size() && head.method != Method::connect;
  if (host == nullptr) {
    if (says_usual) drop_port(head, authority, named);
    if (head.version == Version::http10) return Violation::none;
    const std::string_view value =
        says_usual ? http::without_user(http::split_target(head.target).authority) : authority;
    return head.add("host", FieldId::host, value) ? Violation::none : Violation::too_many_fields;
  }
  const std::string_view host_named = without_usual_port(host->value, parts.scheme);
  if (!http::same_name(named, host_named)) return Violation::bad_host;
  if (says_usual) {
    drop_port(head, authority, named);
    host->value = host_named;
  }
  return Violation::none;
}

}  // namespace weir::proto::http1
