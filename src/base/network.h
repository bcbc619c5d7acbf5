// An IP network: an address and how many of its leading bits count. "10.0.0.0/8", "2001:db8::/32", "192.0.2.1".
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"

namespace weir {

class IpNetwork {
 public:
  /// nullopt for anything that is no address, with or without a prefix length or an IPv4 mask.
  static std::optional<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const SocketAddress& address) const;

 private:
  in6_addr base_{};      // IPv4 as ::ffff:a.b.c.d
  unsigned prefix_ = 0;  // bits of base_
};

}  // namespace weir
