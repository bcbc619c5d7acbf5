// Start-up resolution: the methods of init-addr, one after the other.
#include "resolve/start.h"

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "base/outside.h"
#include "base/parts.h"

namespace weir::resolve {
namespace {

Result<Method> parse_method(std::string_view word) {
  if (word == "last") return Method{Method::Kind::last, {}};
  if (word == "libc") return Method{Method::Kind::libc, {}};
  if (word == "none") return Method{Method::Kind::none, {}};
  const auto wrong = [&] {
    return fail("'" + std::string(word) + "' is no way to find an address: expected last, libc, none or an IP address");
  };
  if (word.empty()) return wrong();
  // An address alone: "::1" would lose its last group to a port otherwise.
  const std::string bracketed =
      word.contains(':') && !word.starts_with('[') ? "[" + std::string(word) + "]" : std::string(word);
  const auto spec = parse_address(bracketed);
  if (!spec || !spec->host.empty() || !spec->address.is_inet() || spec->has_port) return wrong();
  return Method{Method::Kind::address, spec->address};
}

bool fits(const SocketAddress& address, AddressFamily forced) {
  return address.is_inet() && (forced == AddressFamily::none || address.family() == forced);
}

Lookup lookup_kind(AddressFamily family) {
  switch (family) {
    case AddressFamily::ipv4: return Lookup::host_ipv4;
    case AddressFamily::ipv6: return Lookup::host_ipv6;
    default: return Lookup::host;
  }
}

SocketAddress numeric(std::string_view text) {
  const auto spec = parse_address(text.contains(':') ? "[" + std::string(text) + "]" : std::string(text));
  return spec ? spec->address : SocketAddress();
}

SocketAddress with_port(SocketAddress address, const AddressSpec& spec) {
  address.set_port(spec.address.port());
  return address;
}

}  // namespace

Result<InitAddr> parse_init_addr(std::string_view text) {
  InitAddr parsed;
  parsed.methods.clear();
  for (const std::string_view word : Parts(text, ',')) {
    auto method = parse_method(word);
    if (!method) return unexpected(method.error());
    parsed.methods.push_back(*method);
  }
  return parsed;
}

Result<SocketAddress> resolve_host(std::string_view host, AddressFamily forced) {
  const std::string name(host);
  const auto list = outside().look_up(lookup_kind(forced), name);
  if (!list) return fail("could not resolve address '" + name + "': " + list.error().message);
  SocketAddress found;
  for (std::string_view rest = *list; !rest.empty();) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    const SocketAddress address = numeric(rest.substr(0, space));
    rest.remove_prefix(std::min(space + 1, rest.size()));
    if (!fits(address, forced)) continue;
    if (found.family() == AddressFamily::none) found = address;
    if (address.family() == AddressFamily::ipv4) {
      found = address;
      break;
    }
  }
  if (found.family() == AddressFamily::none)
    return fail("could not resolve address '" + name + "': the name has no address of the family that was asked for");
  return found;
}

Result<SocketAddress> resolve(const AddressSpec& spec, const InitAddr& how, LastKnown last) {
  if (spec.host.empty()) return spec.address;
  std::string reason;
  for (const Method& method : how.methods) {
    switch (method.kind) {
      case Method::Kind::last:
        if (last.find == nullptr) break;
        if (const auto known = last.find(last.object); known && fits(*known, spec.forced_family))
          return with_port(*known, spec);
        break;
      case Method::Kind::libc: {
        const auto found = resolve_host(spec.host, spec.forced_family);
        if (found) return with_port(*found, spec);
        reason = found.error().message;
        break;
      }
      case Method::Kind::none: return SocketAddress();
      case Method::Kind::address: return with_port(method.address, spec);
    }
  }
  if (!reason.empty()) return fail(std::move(reason));
  return fail("could not resolve address '" + spec.host + "': no method of init-addr gave one");
}

}  // namespace weir::resolve
