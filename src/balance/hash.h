// The hashes that map keys to servers: public functions of common knowledge. Which of them, over which bytes, was
// observed on the running program and is held by hash_test.cpp. Manual: hash-type, hash-key.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/avalanche.h"

namespace weir::balance {

struct Options;

enum class HashFunction : std::uint8_t { sdbm, djb2, crc32, none };

/// What the points of a server on the ring are made of: `hash-key`.
enum class NodeKey : std::uint8_t { id, id32, address, address_port, guid };

[[nodiscard]] std::uint32_t sdbm(std::string_view bytes);
[[nodiscard]] std::uint32_t djb2(std::string_view bytes);
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

/// The key's hash as hash-type wants it. For `none` the bytes are a decimal number.
[[nodiscard]] std::uint32_t hash_key(const Options& options, std::string_view key);
/// For `balance source`: the address is the hash, whatever the function; 0 for what is no IP address.
[[nodiscard]] std::uint32_t hash_source(const Options& options, const SocketAddress& address);

/// Where the points of a server on the ring start: see ring.h.
[[nodiscard]] std::uint32_t node_key(NodeKey kind, std::uint32_t id, const SocketAddress& address,
                                     std::string_view guid = {});

}  // namespace weir::balance
