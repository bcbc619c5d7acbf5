#include "balance/hash.h"

#include <arpa/inet.h>

#include <cstring>

namespace weir::balance {

std::uint32_t sdbm(std::string_view bytes) {
  std::uint32_t hash = 0;
  for (const char byte : bytes) hash = static_cast<unsigned char>(byte) + (hash << 6U) + (hash << 16U) - hash;
  return hash;
}

// The address itself is the hash, as a number in network order; of IPv6 the four words are folded. Both were seen with
// clients of many addresses (hash_test.cpp).
std::uint32_t hash_source(const SocketAddress& address) {
  if (address.family() == AddressFamily::ipv4) return address.ipv4_host_order();
  if (address.family() != AddressFamily::ipv6) return 0;
  const in6_addr ipv6 = address.ipv6_address();
  std::uint32_t folded = 0;
  for (std::size_t i = 0; i < sizeof ipv6; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, ipv6.s6_addr + i, sizeof word);
    folded ^= ntohl(word);
  }
  return folded;
}

}  // namespace weir::balance
