#include "proto/tls_records.h"

#include <algorithm>
#include <cstring>

namespace weir::proto {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::size_t big16(std::string_view bytes, std::size_t at) {
  return std::size_t{byte_at(bytes, at)} << 8 | byte_at(bytes, at + 1);
}
std::size_t big24(std::string_view bytes, std::size_t at) {
  return std::size_t{byte_at(bytes, at)} << 16 | big16(bytes, at + 1);
}

}  // namespace

HandshakeMessage join_handshake(std::string_view bytes, std::uint8_t wanted, std::size_t limit,
                                std::span<char> scratch) {
  std::size_t gathered = 0;  // bytes of the message before the current record
  std::size_t needed = 0;    // of the whole message, 0 until its header is there
  char header[kTlsHandshakeHeader];
  for (std::size_t at = 0;;) {
    const std::string_view rest = bytes.substr(at);
    if (!rest.empty() && byte_at(rest, 0) != kHandshakeRecord) return {HandshakeJoin::bad};
    if (rest.size() >= 2 && byte_at(rest, 1) != 3) return {HandshakeJoin::bad};
    if (rest.size() < kTlsRecordHeader) return {};
    const std::size_t length = big16(rest, 3);
    // RFC 8446 5.1 forbids empty handshake fragments.
    if (length == 0 || length > kMaxTlsRecord) return {HandshakeJoin::bad};
    const std::string_view fragment = rest.substr(kTlsRecordHeader, length);
    for (std::size_t i = 0; gathered + i < kTlsHandshakeHeader && i < fragment.size(); ++i)
      header[gathered + i] = fragment[i];
    const std::size_t have = gathered + fragment.size();
    if (have > 0 && static_cast<std::uint8_t>(header[0]) != wanted) return {HandshakeJoin::bad};
    if (needed == 0 && have >= kTlsHandshakeHeader) {
      needed = kTlsHandshakeHeader + big24({header, kTlsHandshakeHeader}, 1);
      if (needed > limit) return {HandshakeJoin::bad};
    }
    if (gathered == 0 && needed != 0 && length >= needed) {
      if (have < needed) return {};
      return {HandshakeJoin::joined, fragment.substr(0, needed), kTlsRecordHeader + needed};
    }
    if (fragment.size() < length && (needed == 0 || have < needed)) return {};
    const std::size_t taken = needed == 0 ? fragment.size() : std::min(fragment.size(), needed - gathered);
    if (gathered + taken > scratch.size()) return {HandshakeJoin::bad};
    std::memcpy(scratch.data() + gathered, fragment.data(), taken);
    gathered += taken;
    at += kTlsRecordHeader + taken;
    if (needed != 0 && gathered == needed) return {HandshakeJoin::joined, {scratch.data(), needed}, at};
  }
}

}  // namespace weir::proto
