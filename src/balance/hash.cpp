#include "balance/hash.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>

#include "balance/picker.h"
#include "balance/ring.h"

namespace weir::balance {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kPolynomial = 0xedb88320U;  // Ethernet, gzip, PNG
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ kPolynomial : value >> 1U;
    table[byte] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

std::uint32_t finished(const Options& options, std::uint32_t hash) {
  // Manual, hash-type: a ring whose function nobody named mixes what sdbm gives.
  const bool mix = options.avalanche.value_or(options.consistent && !options.function);
  return mix ? avalanche(hash) : hash;
}

// "12abc" is 12, as everywhere that text is taken for a number; what is no number at all is 0.
std::uint32_t decimal(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<std::uint32_t>(value);
}

// The address itself is the hash, as a number in network order; of IPv6 the four words are folded. Both were seen with
// clients of many addresses (hash_test.cpp).
std::uint32_t folded(const SocketAddress& address) {
  if (address.family() == AddressFamily::ipv4) return address.ipv4_host_order();
  if (address.family() != AddressFamily::ipv6) return 0;
  const in6_addr ipv6 = address.ipv6_address();
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < sizeof ipv6; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, ipv6.s6_addr + i, sizeof word);
    sum ^= ntohl(word);
  }
  return sum;
}

}  // namespace

std::uint32_t sdbm(std::string_view bytes) {
  std::uint32_t hash = 0;
  for (const char byte : bytes) hash = static_cast<unsigned char>(byte) + (hash << 6U) + (hash << 16U) - hash;
  return hash;
}

std::uint32_t djb2(std::string_view bytes) {
  std::uint32_t hash = 5381;
  for (const char byte : bytes) hash = hash * 33 + static_cast<unsigned char>(byte);
  return hash;
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xffffffffU;
  for (const char byte : bytes) value = kCrcTable[(value ^ static_cast<unsigned char>(byte)) & 0xffU] ^ value >> 8U;
  return ~value;
}

std::uint32_t hash_key(const Options& options, std::string_view key) {
  switch (options.function.value_or(HashFunction::sdbm)) {
    case HashFunction::sdbm: return finished(options, sdbm(key));
    case HashFunction::djb2: return finished(options, djb2(key));
    case HashFunction::crc32: return finished(options, crc32(key));
    case HashFunction::none: return finished(options, decimal(key));
  }
  return 0;
}

std::uint32_t hash_source(const Options& options, const SocketAddress& address) {
  return finished(options, folded(address));
}

std::uint32_t node_key(NodeKey kind, std::uint32_t id, const SocketAddress& address, std::string_view guid) {
  if (kind == NodeKey::id32) return id;
  if (kind == NodeKey::guid) return guid.empty() ? id * kMostPoints : avalanche(sdbm(guid));
  if (kind == NodeKey::id || !address.is_inet()) return id * kMostPoints;
  std::uint32_t key = folded(address);
  if (kind == NodeKey::address_port) key ^= std::uint32_t{address.port()} * 65599U;
  // Neighbouring addresses must not share their points.
  return avalanche(key);
}

}  // namespace weir::balance
