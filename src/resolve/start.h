// Server host names, resolved once before the workers start.
//
// `init-addr` lists ways to find a first address, tried in turn: the address a state file remembers, the C library's
// resolver, a literal address, or none at all (the server then waits, down). The C library blocks, so this runs on the
// loading thread only. Manual: init-addr, 5.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace weir::resolve {

struct Method {
  enum class Kind : std::uint8_t { last, libc, none, address } kind = Kind::libc;
  SocketAddress address;  // for Kind::address, without a port
  friend bool operator==(const Method&, const Method&) = default;
};

/// The argument of `init-addr`: "last,libc" unless the configuration says otherwise.
struct InitAddr {
  std::vector<Method> methods = {{Method::Kind::last, {}}, {Method::Kind::libc, {}}};
  friend bool operator==(const InitAddr&, const InitAddr&) = default;
};

/// Reads "last,libc,none,192.0.2.1". The error names the bad word and what may stand there.
Result<InitAddr> parse_init_addr(std::string_view text);

/// The address a state file knows for the server being resolved; absent when it knows none.
struct LastKnown {
  void* object = nullptr;
  std::optional<SocketAddress> (*find)(void* object) = nullptr;
};

/// The address of `spec`, with the spec's first port. Family none means that `none` ended the search. A spec that needs
/// no resolution is returned as it is. Error: "could not resolve address 'x'", with the C library's reason.
Result<SocketAddress> resolve(const AddressSpec& spec, const InitAddr& how, LastKnown last = {});

/// One host name through the C library; `forced` none takes IPv4 first, as most servers still mean it, then IPv6.
Result<SocketAddress> resolve_host(std::string_view host, AddressFamily forced);

}  // namespace weir::resolve
