// The PROXY protocol, versions 1 and 2: what a proxy says before the first byte about whom it speaks for.
//
// parse() looks at what has arrived and either knows all, asks for more, or says what is wrong; nothing is remembered
// between calls, so a header may come byte by byte. Views point into the bytes given. What identifies the protocol is
// judged at once, everything else only when the whole header is there, as the specification wants it. Lengths, the
// checksum and the types with a bound of their own are verified; other TLVs are opaque. The writers fill the caller's
// buffer. Spec: proxy-protocol.txt, 2.1 (version 1), 2.2 (version 2); RFC 4960 appendix B (CRC32c).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.h"

namespace weir::proto::pp {

/// TLV types, 2.2: those above 0x20 up to 0x2f live inside of `ssl`.
namespace type {
inline constexpr std::uint8_t alpn = 0x01;
inline constexpr std::uint8_t authority = 0x02;
inline constexpr std::uint8_t crc32c = 0x03;
inline constexpr std::uint8_t noop = 0x04;
inline constexpr std::uint8_t unique_id = 0x05;
inline constexpr std::uint8_t ssl = 0x20;
inline constexpr std::uint8_t ssl_version = 0x21;
inline constexpr std::uint8_t ssl_cn = 0x22;
inline constexpr std::uint8_t ssl_cipher = 0x23;
inline constexpr std::uint8_t ssl_sig_alg = 0x24;
inline constexpr std::uint8_t ssl_key_alg = 0x25;
inline constexpr std::uint8_t ssl_group = 0x26;
inline constexpr std::uint8_t ssl_sig_scheme = 0x27;
inline constexpr std::uint8_t ssl_client_cert = 0x28;
inline constexpr std::uint8_t netns = 0x30;
}  // namespace type

inline constexpr std::size_t kMaxV1 = 107;               // 2.1: the longest line, with its CRLF
inline constexpr std::size_t kFixedV2 = 16;              // before the addresses
inline constexpr std::size_t kMaxV2 = kFixedV2 + 65535;  // what the length field can say
inline constexpr std::size_t kMaxUniqueId = 128;         // 2.2.5
inline constexpr std::size_t kSslFixed = 5;              // 2.2.6: client, verify
inline constexpr std::array<char, 12> kSignature = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

enum class Outcome : std::uint8_t { need_more, complete, violation };

enum class Violation : std::uint8_t {
  none,
  not_header,    // neither version begins like that
  bad_protocol,  // version 1: another word than TCP4, TCP6, UNKNOWN
  bad_header,    // everything else, a wrong checksum included
  too_long,      // longer than the caller takes
};

struct Header {
  unsigned version = 0;
  bool local = false;      // version 2, LOCAL: the proxy speaks for itself
  bool addresses = false;  // source and destination are given; otherwise the connection's own hold
  bool datagram = false;
  SocketAddress source;
  SocketAddress destination;
  std::string_view tlvs;  // all of them as sent; well-formed
  std::size_t size = 0;   // bytes of the header
};

struct Parse {
  Outcome outcome = Outcome::need_more;
  Violation violation = Violation::none;
  Header header;  // meaningful when complete
};

/// `most`: the longest header that is taken.
[[nodiscard]] Parse parse(std::string_view bytes, std::size_t most = kMaxV2);

struct Tlv {
  std::uint8_t type = 0;
  std::string_view value;
};
/// Takes the next one; nullopt at the end or when it is cut. `position` starts at 0.
[[nodiscard]] std::optional<Tlv> next_tlv(std::string_view tlvs, std::size_t& position);
/// Whether they fill their bytes exactly.
[[nodiscard]] bool well_formed_tlvs(std::string_view tlvs);
/// The first of that type; types of the TLS connection are looked for inside of `ssl` too.
[[nodiscard]] std::optional<std::string_view> find_tlv(std::string_view tlvs, std::uint8_t wanted);
/// The TLVs inside of an `ssl` value; empty when it is too short to have any.
[[nodiscard]] std::string_view ssl_subtypes(std::string_view ssl);

/// CRC32c (Castagnoli). `seed` continues the checksum of the bytes before.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

/// The line of version 1; UNKNOWN unless both are IP addresses. IPv4 beside IPv6 is mapped. `out` has kMaxV1 bytes.
[[nodiscard]] std::size_t write_v1(const SocketAddress& source, const SocketAddress& destination, std::span<char> out);

/// A header of version 2: local() or proxy() first, then TLVs, then finish().
class WriterV2 {
 public:
  explicit WriterV2(std::span<char> out) : out_(out) {}

  void local();
  /// IP addresses: IPv4 beside IPv6 is mapped. Unix addresses: AF_UNIX. Anything else: LOCAL.
  void proxy(const SocketAddress& source, const SocketAddress& destination);
  void tlv(std::uint8_t type, std::string_view value);
  /// A CRC32c TLV at this place; finish() fills it.
  void checksum();
  /// The header's length; 0 when it did not fit.
  [[nodiscard]] std::size_t finish();

 private:
  void begin(std::uint8_t version_and_command, std::uint8_t family);
  void put(std::string_view bytes);
  void put16(std::size_t value);

  std::span<char> out_;
  std::size_t used_ = 0;
  std::size_t checksum_at_ = 0;
  bool fits_ = true;
};

}  // namespace weir::proto::pp
