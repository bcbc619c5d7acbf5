// The hashes that `balance source` and `balance rdp-cookie` map to servers. Public functions of common knowledge; which
// of them, over which bytes, was observed on the running program and is held by hash_test.cpp. Manual: hash-type.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"

namespace weir::balance {

enum class HashFunction : std::uint8_t { sdbm, djb2, wt6, crc32, none };

/// What the points of a server on the ring are made of: `hash-key`.
enum class NodeKey : std::uint8_t { id, id32, address, address_port };

[[nodiscard]] std::uint32_t sdbm(std::string_view bytes);
/// For `balance source`; 0 for what is no IP address.
[[nodiscard]] std::uint32_t hash_source(const SocketAddress& address);
/// For `balance rdp-cookie`: the cookie's value as it stands.
[[nodiscard]] inline std::uint32_t hash_key(std::string_view key) { return sdbm(key); }

}  // namespace weir::balance
