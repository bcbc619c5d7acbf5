// Headers of captured packets: Ethernet with its VLANs, IPv4 and IPv6 with options and extensions, TCP with its
// options.
//
// For what the kernel saved of a connection's first packet. Each parser takes what may be there and gives nothing when
// a header is cut or says lengths it has not. Spec: IEEE 802.1Q, RFC 791, 8200 4, 9293 3.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::proto::packet {

struct Ethernet {
  std::string_view header;  // with the VLANs
  std::string_view data;
  std::uint16_t protocol = 0;
  std::optional<std::uint16_t> vlan;  // the last one
};
[[nodiscard]] std::optional<Ethernet> parse_ethernet(std::string_view bytes);

struct Ip {
  std::uint8_t version = 0;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;  // of the transport
  bool dont_fragment = false;
  bool has_options = false;
  std::string_view source;       // 4 or 16 bytes
  std::string_view destination;  // likewise
  std::string_view header;       // with options or extensions
  std::string_view data;
};
[[nodiscard]] std::optional<Ip> parse_ip(std::string_view bytes);

struct Tcp {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  std::uint32_t sequence = 0;
  std::uint16_t window = 0;
  std::uint8_t flags = 0;
  std::uint8_t header_words = 0;
  std::string_view options;
  std::string_view data;
};
[[nodiscard]] std::optional<Tcp> parse_tcp(std::string_view bytes);

namespace tcp_option {
enum : std::uint8_t { end = 0, no_operation = 1, mss = 2, window_scale = 3, sack_permitted = 4, timestamps = 8 };
}
struct TcpOption {
  std::uint8_t kind = 0;
  std::string_view value;
};
/// The option at `position`, which moves behind it; nothing at their end, or where they make no sense.
[[nodiscard]] std::optional<TcpOption> next_option(std::string_view options, std::size_t& position);
/// The value of the first option of that kind.
[[nodiscard]] std::optional<std::string_view> find_option(std::string_view options, std::uint8_t kind);
/// Big-endian; of at most 8 bytes.
[[nodiscard]] std::uint64_t number_of(std::string_view bytes);

}  // namespace weir::proto::packet
