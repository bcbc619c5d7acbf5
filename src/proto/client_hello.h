// What a TLS client says first, read from raw bytes: version, SNI, ALPN, ciphers, extensions.
//
// The hello usually sits in one record, and then every view points into the bytes given. It may be cut over several
// records (post-quantum key shares make that common, and some middleboxes cut on purpose); then its fragments are
// joined in the caller's scratch, and the views point there. A parse looks at what has arrived and either knows all or
// asks for more; nothing is remembered, nothing is allocated. The old SSLv2 framing of a hello is read too, for its
// version. Only lengths are judged here; whether the values make sense is the TLS stack's business. Spec: RFC
// 8446 4.1.2 and 5.1, RFC 6066 3, RFC 7301, RFC 5246 E.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::proto {

/// A version as it stands on the wire: 0x0301 is TLS 1.0, 0x0304 TLS 1.3, 0x0002 SSL 2.
using TlsVersion = std::uint16_t;

/// Extension numbers weir looks at (IANA, TLS ExtensionType values).
namespace tls_extension {
inline constexpr std::uint16_t server_name = 0;
inline constexpr std::uint16_t supported_groups = 10;
inline constexpr std::uint16_t ec_point_formats = 11;
inline constexpr std::uint16_t signature_algorithms = 13;
inline constexpr std::uint16_t alpn = 16;
inline constexpr std::uint16_t session_ticket = 35;
inline constexpr std::uint16_t supported_versions = 43;
inline constexpr std::uint16_t key_share = 51;
}  // namespace tls_extension

struct ClientHello {
  bool sslv2_framing = false;       // only `version`, `ciphers`, `session_id` and `random` are set then
  std::uint8_t handshake_type = 0;  // 1 for a client hello
  TlsVersion record_version = 0;    // of the first record
  TlsVersion version = 0;           // client_version of the hello itself; 0x0303 for TLS 1.3 clients
  std::string_view random;
  std::string_view session_id;
  std::string_view ciphers;              // two bytes each (three in SSLv2 framing)
  std::string_view compression_methods;  // one byte each
  std::string_view extensions;           // the whole block without its own length
  std::size_t consumed = 0;              // bytes of the input that carry the hello, record headers included

  /// The payload of an extension; nullopt when the client did not send it.
  [[nodiscard]] std::optional<std::string_view> extension(std::uint16_t type) const;
  /// The first host name of the server_name extension; empty when there is none.
  [[nodiscard]] std::string_view server_name() const;
  /// Two-byte lists without their own length; empty when not sent or malformed.
  [[nodiscard]] std::string_view supported_groups() const;
  [[nodiscard]] std::string_view signature_algorithms() const;
  [[nodiscard]] std::string_view supported_versions() const;
  /// Client shares as sent: group, length, key, again and again; without the length of the whole.
  [[nodiscard]] std::string_view key_shares() const;
  /// Protocols as sent: length byte, name, again and again; without the length of the whole.
  [[nodiscard]] std::string_view alpn_list() const;
  [[nodiscard]] std::string_view first_alpn() const;
  /// 0: no session ticket extension, 1: an empty one, 2: it carries a ticket.
  [[nodiscard]] int session_ticket_state() const;
  /// The highest version the client offers, by supported_versions when it sent that; GREASE values do not count.
  [[nodiscard]] TlsVersion highest_version() const;
};

/// Takes the next name of an alpn_list(); nullopt at the end or when malformed. `position` starts at 0.
[[nodiscard]] std::optional<std::string_view> next_alpn(std::string_view alpn_list, std::size_t& position);
/// Takes the next group of key_shares(); nullopt at the end or when malformed. `position` starts at 0.
[[nodiscard]] std::optional<std::uint16_t> next_key_share_group(std::string_view key_shares, std::size_t& position);

enum class HelloOutcome : std::uint8_t {
  need_more,  // a prefix of a hello: wait, unless the peer is done sending
  not_tls,    // no further byte can make it a client hello
  complete,
};

struct ClientHelloParse {
  HelloOutcome outcome = HelloOutcome::need_more;
  ClientHello hello;  // meaningful when complete
};

/// Longest hello taken; real ones stay under 4 kB even with post-quantum shares.
inline constexpr std::size_t kMaxClientHello = 16384;

/// Looks at the first bytes of a client. `scratch` is written only when the hello spans records; a hello that does not
/// fit there is not_tls. The result is good as long as both `bytes` and `scratch` stay untouched.
[[nodiscard]] ClientHelloParse parse_client_hello(std::string_view bytes, std::span<char> scratch = {});

}  // namespace weir::proto
