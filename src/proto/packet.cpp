#include "proto/packet.h"

namespace weir::proto::packet {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t short_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number_of(bytes.substr(at, 2)));
}

constexpr std::size_t kIpv6Header = 40;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;

/// Extension headers that are followed by another one. RFC 8200 4; 135, 139, 140: IANA's list.
bool is_extension(std::uint8_t protocol) {
  for (const int known : {0, 43, 44, 51, 60, 135, 139, 140}) {
    if (protocol == known) return true;
  }
  return false;
}

std::optional<Ip> parse_ipv4(std::string_view bytes) {
  const std::size_t size = (byte_at(bytes, 0) & 15U) * 4;
  if (size < 20 || size > bytes.size()) return std::nullopt;
  return Ip{.version = 4,
            .tos = byte_at(bytes, 1),
            .ttl = byte_at(bytes, 8),
            .protocol = byte_at(bytes, 9),
            .dont_fragment = (byte_at(bytes, 6) & 0x40) != 0,
            .has_options = size > 20,
            .source = bytes.substr(12, 4),
            .destination = bytes.substr(16, 4),
            .header = bytes.substr(0, size),
            .data = bytes.substr(size)};
}

std::optional<Ip> parse_ipv6(std::string_view bytes) {
  if (bytes.size() < kIpv6Header) return std::nullopt;
  std::uint8_t protocol = byte_at(bytes, 6);
  std::size_t size = kIpv6Header;
  while (is_extension(protocol)) {
    if (bytes.size() - size < 8) return std::nullopt;
    const std::size_t units = byte_at(bytes, size + 1);
    const std::size_t length = protocol == kFragment         ? 8
                               : protocol == kAuthentication ? (units + 2) * 4
                                                             : (units + 1) * 8;
    if (length > bytes.size() - size) return std::nullopt;
    protocol = byte_at(bytes, size);
    size += length;
  }
  return Ip{.version = 6,
            .tos = static_cast<std::uint8_t>(number_of(bytes.substr(0, 2)) >> 4),
            .ttl = byte_at(bytes, 7),
            .protocol = protocol,
            .dont_fragment = true,
            .has_options = size > kIpv6Header,
            .source = bytes.substr(8, 16),
            .destination = bytes.substr(24, 16),
            .header = bytes.substr(0, size),
            .data = bytes.substr(size)};
}

}  // namespace

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::optional<Ethernet> parse_ethernet(std::string_view bytes) {
  if (bytes.size() < 14) return std::nullopt;
  Ethernet frame;
  std::size_t size = 14;
  frame.protocol = short_at(bytes, 12);
  while (frame.protocol == 0x8100 || frame.protocol == 0x88a8) {
    if (bytes.size() - size < 4) return std::nullopt;
    frame.vlan = short_at(bytes, size) & 0xfff;
    frame.protocol = short_at(bytes, size + 2);
    size += 4;
  }
  frame.header = bytes.substr(0, size);
  frame.data = bytes.substr(size);
  return frame;
}

std::optional<Ip> parse_ip(std::string_view bytes) {
  if (bytes.size() < 20) return std::nullopt;
  const unsigned version = byte_at(bytes, 0) >> 4U;
  if (version == 4) return parse_ipv4(bytes);
  return version == 6 ? parse_ipv6(bytes) : std::nullopt;
}

std::optional<Tcp> parse_tcp(std::string_view bytes) {
  if (bytes.size() < 20) return std::nullopt;
  const auto words = static_cast<std::uint8_t>(byte_at(bytes, 12) >> 4U);
  if (words < 5 || words * 4U > bytes.size()) return std::nullopt;
  return Tcp{.source = short_at(bytes, 0),
             .destination = short_at(bytes, 2),
             .sequence = static_cast<std::uint32_t>(number_of(bytes.substr(4, 4))),
             .window = short_at(bytes, 14),
             .flags = byte_at(bytes, 13),
             .header_words = words,
             .options = bytes.substr(20, words * 4U - 20),
             .data = bytes.substr(words * 4U)};
}

std::optional<TcpOption> next_option(std::string_view options, std::size_t& position) {
  if (position >= options.size()) return std::nullopt;
  const std::uint8_t kind = byte_at(options, position);
  if (kind == tcp_option::end) return std::nullopt;
  if (kind == tcp_option::no_operation) {
    ++position;
    return TcpOption{.kind = kind, .value = {}};
  }
  if (options.size() - position < 2) return std::nullopt;
  const std::size_t size = byte_at(options, position + 1);
  if (size < 2 || size > options.size() - position) return std::nullopt;
  const TcpOption option{.kind = kind, .value = options.substr(position + 2, size - 2)};
  position += size;
  return option;
}

std::optional<std::string_view> find_option(std::string_view options, std::uint8_t kind) {
  std::size_t position = 0;
  while (const auto option = next_option(options, position)) {
    if (option->kind == kind) return option->value;
  }
  return std::nullopt;
}

}  // namespace weir::proto::packet
