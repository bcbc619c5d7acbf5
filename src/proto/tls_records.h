// One TLS handshake message, brought together from the records that carry it.
//
// Usually one record holds the whole message, and the result points into the bytes given. A message cut over several
// records (post-quantum key shares make that common, and some middleboxes cut on purpose) is joined in the caller's
// scratch. A look at what has arrived either knows all or asks for more; nothing is remembered. Spec: RFC 8446 5.1, 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::proto {

inline constexpr std::size_t kTlsRecordHeader = 5;
inline constexpr std::size_t kTlsHandshakeHeader = 4;
inline constexpr std::size_t kMaxTlsRecord = 16384;

enum class HandshakeJoin : std::uint8_t {
  need_more,  // a prefix of such a message
  bad,        // no further byte can make it one
  joined,
};

struct HandshakeMessage {
  HandshakeJoin outcome = HandshakeJoin::need_more;
  std::string_view message{};  // its header and body, when joined
  std::size_t consumed = 0;    // bytes of the input that carry it, record headers included
};

/// The first handshake message of `bytes`, when it is of type `wanted` and takes at most `limit` bytes. `scratch` is
/// written only when it spans records; a message that does not fit there is bad.
[[nodiscard]] HandshakeMessage join_handshake(std::string_view bytes, std::uint8_t wanted, std::size_t limit,
                                              std::span<char> scratch);

}  // namespace weir::proto
