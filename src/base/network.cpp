#include "base/network.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <string>

namespace weir {
namespace {

constexpr unsigned kMappedBits = 96;

in6_addr mapped(const void* ipv4) {
  in6_addr out{};
  out.s6_addr[10] = out.s6_addr[11] = 0xff;
  std::memcpy(&out.s6_addr[12], ipv4, 4);
  return out;
}

// 24, or 255.255.255.0.
std::optional<unsigned> prefix_of(std::string_view text, bool ipv4) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (bits > (ipv4 ? 32U : 128U)) return std::nullopt;
    return bits;
  }
  in_addr mask{};
  if (!ipv4 || inet_pton(AF_INET, std::string(text).c_str(), &mask) != 1) return std::nullopt;
  const std::uint32_t host = ntohl(mask.s_addr);
  bits = static_cast<unsigned>(__builtin_popcount(host));
  return bits == 0 || host == ~0U << (32U - bits) ? std::optional(bits) : std::nullopt;
}

}  // namespace

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  IpNetwork network;
  in_addr ipv4{};
  const bool is_ipv4 = inet_pton(AF_INET, host.c_str(), &ipv4) == 1;
  if (is_ipv4)
    network.base_ = mapped(&ipv4);
  else if (inet_pton(AF_INET6, host.c_str(), &network.base_) != 1)
    return std::nullopt;
  const auto bits =
      slash == text.npos ? std::optional(is_ipv4 ? 32U : 128U) : prefix_of(text.substr(slash + 1), is_ipv4);
  if (!bits) return std::nullopt;
  network.prefix_ = *bits + (is_ipv4 ? kMappedBits : 0);
  return network;
}

bool IpNetwork::contains(const SocketAddress& address) const {
  if (!address.is_inet()) return false;
  in6_addr other = address.family() == AddressFamily::ipv6 ? address.ipv6_address() : in6_addr{};
  if (address.family() == AddressFamily::ipv4) {
    const std::uint32_t network_order = htonl(address.ipv4_host_order());
    other = mapped(&network_order);
  }
  const std::size_t bytes = prefix_ / 8;
  if (std::memcmp(&other, &base_, bytes) != 0) return false;
  const unsigned rest = prefix_ % 8;
  return rest == 0 || ((other.s6_addr[bytes] ^ base_.s6_addr[bytes]) >> (8 - rest)) == 0;
}

}  // namespace weir
