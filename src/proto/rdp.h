// The first exchange of an RDP connection: the X.224 Connection Request and its Connection Confirm.
//
// A client opens with one TPKT packet that carries an optional text line (`Cookie: mstshash=bob`, a routing token such
// as `Cookie: msts=...`, or `tsv://...`) and an optional binary negotiation request; the server answers with one
// packet. Both fit in a few hundred bytes, so a parse looks at the bytes that have arrived and either knows all or asks
// for more; nothing is remembered between two calls and nothing is allocated: every view points into the bytes given.
// Cookies are found at any place of the variable part, for gateways put other lines or a negotiation request before
// them. Spec: MS-RDPBCGR 2.2.1.1 and 2.2.1.2, RFC 1006 (TPKT), ITU-T X.224 13.3 and 13.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::proto::rdp {

/// TPKT (4) and the fixed part of an X.224 connection packet (7).
inline constexpr std::size_t kHeaderSize = 11;
/// Longest packet taken for a connection request or confirm. A request needs at most 259 bytes when its X.224 length is
/// right; some clients send longer routing tokens, none comes near this.
inline constexpr std::size_t kMaxPacket = 2048;

/// What a client is ready to speak; bits of requestedProtocols and the value of selectedProtocol.
namespace protocol {
inline constexpr std::uint32_t rdp = 0x00;  // standard RDP security, no bit set
inline constexpr std::uint32_t ssl = 0x01;
inline constexpr std::uint32_t hybrid = 0x02;  // CredSSP, "network level authentication"
inline constexpr std::uint32_t rdstls = 0x04;
inline constexpr std::uint32_t hybrid_ex = 0x08;
inline constexpr std::uint32_t rdsaad = 0x10;
}  // namespace protocol

/// Flags of a negotiation request.
namespace request_flag {
inline constexpr std::uint8_t restricted_admin_required = 0x01;
inline constexpr std::uint8_t redirected_authentication_required = 0x02;
inline constexpr std::uint8_t correlation_info_present = 0x08;
}  // namespace request_flag

struct Cookie {
  std::string_view name;   // "mstshash", "msts", as sent
  std::string_view value;  // up to CR LF
  friend bool operator==(const Cookie&, const Cookie&) = default;
};

struct NegotiationRequest {
  std::uint8_t flags = 0;
  std::uint32_t protocols = 0;
  friend bool operator==(const NegotiationRequest&, const NegotiationRequest&) = default;
};

struct ConnectionRequest {
  std::string_view packet;         // the whole TPKT packet; what follows in the input belongs to the next one
  std::string_view variable_part;  // after the fixed header
  /// The first text line that is no mstshash cookie, without CR LF: "Cookie: msts=..." or "tsv://...". Empty when none.
  std::string_view routing_token;
  std::optional<NegotiationRequest> negotiation;  // absent: the client only speaks standard RDP security
  std::string_view correlation_id;                // 16 bytes when the client sent correlation information

  /// The first cookie whose name matches without regard to case; an empty name matches any cookie.
  [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
  [[nodiscard]] std::size_t cookie_count(std::string_view name) const;
};

enum class Outcome : std::uint8_t {
  need_more,  // a prefix of a valid packet: wait, unless the peer is done sending
  not_rdp,    // no further byte can make it one
  complete,
};

struct RequestParse {
  Outcome outcome = Outcome::need_more;
  ConnectionRequest request;  // meaningful when complete
};

/// Looks at the first bytes of a client.
[[nodiscard]] RequestParse parse_connection_request(std::string_view bytes);

/// Walks the cookies of a variable part in order; nullopt after the last one. `position` starts at 0.
[[nodiscard]] std::optional<Cookie> next_cookie(std::string_view variable_part, std::size_t& position);

/// Where a routing token of the form "<IPv4 as a decimal>.<port as a decimal>.<reserved>" points, for instance
/// "3640205228.15629.0000" is 172.31.249.216:3389. Both numbers are the little-endian reading of network order bytes.
struct RoutingTarget {
  std::uint32_t ipv4_host_order = 0;
  std::uint16_t port = 0;
  friend bool operator==(const RoutingTarget&, const RoutingTarget&) = default;
};
[[nodiscard]] std::optional<RoutingTarget> decode_routing_cookie(std::string_view value);

/// Longest result of encode_routing_cookie(): "4294967295.65535.0000".
inline constexpr std::size_t kMaxRoutingCookie = 21;
/// Writes the token's value (no "Cookie: msts=", no CR LF); returns its length, 0 when `out` is too small.
[[nodiscard]] std::size_t encode_routing_cookie(const RoutingTarget& target, std::span<char> out);

struct RequestFields {
  std::string_view cookie_name;  // empty: no cookie line
  std::string_view cookie_value;
  std::string_view routing_token;  // a whole line without CR LF, written before the cookie; empty: none
  std::optional<NegotiationRequest> negotiation;
};
/// Builds a connection request; returns its length, 0 when it does not fit in `out` or in one X.224 header (254 bytes).
[[nodiscard]] std::size_t write_connection_request(const RequestFields& fields, std::span<char> out);

/// Why a server refused to negotiate.
enum class FailureCode : std::uint32_t {
  ssl_required_by_server = 1,
  ssl_not_allowed_by_server = 2,
  ssl_certificate_not_on_server = 3,
  inconsistent_flags = 4,
  hybrid_required_by_server = 5,
  ssl_with_user_authentication_required_by_server = 6,
};
/// The specification's word ("HYBRID_REQUIRED_BY_SERVER"), or "unknown failure code".
[[nodiscard]] std::string_view failure_name(FailureCode code);
/// Whether a health check may take the refusal for a sign of life: the server understood the request and states what it
/// wants instead. Not so without its certificate (nobody who wants TLS gets in) nor for codes nobody has defined.
[[nodiscard]] bool means_up(FailureCode code);

enum class ConfirmKind : std::uint8_t {
  plain,     // no negotiation data: a server that only speaks standard RDP security
  accepted,  // `protocol` and `flags` are set
  refused,   // `failure` is set
};

struct ConnectionConfirm {
  std::string_view packet;
  ConfirmKind kind = ConfirmKind::plain;
  std::uint8_t flags = 0;
  std::uint32_t protocol = 0;
  FailureCode failure{};
  /// The server is usable as far as one can tell from here.
  [[nodiscard]] bool up() const { return kind != ConfirmKind::refused || means_up(failure); }
};

struct ConfirmParse {
  Outcome outcome = Outcome::need_more;
  ConnectionConfirm confirm;  // meaningful when complete
};

/// Looks at the first bytes of a server.
[[nodiscard]] ConfirmParse parse_connection_confirm(std::string_view bytes);

}  // namespace weir::proto::rdp
