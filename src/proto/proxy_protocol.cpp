#include "proto/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weir::proto::pp {
namespace {

constexpr std::string_view kWordV1 = "PROXY ";
constexpr std::size_t kUnixAddress = 108;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::size_t number16(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(byte_at(bytes, at)) << 8U | byte_at(bytes, at + 1);
}

Parse violation(Violation what) { return {.outcome = Outcome::violation, .violation = what, .header = {}}; }

// -- version 1 --------------------------------------------------------------------------------------------------------

// 2.1: fields are separated by exactly one space.
std::optional<std::string_view> next_field(std::string_view& line) {
  if (line.empty() || line.front() != ' ') return std::nullopt;
  line.remove_prefix(1);
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

// 2.1: decimal, 0 to 65535, no heading zeroes.
std::optional<std::uint16_t> port(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<SocketAddress> address(std::string_view text, bool six) {
  char zero_ended[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof zero_ended || text.find('\0') != text.npos) return std::nullopt;
  text.copy(zero_ended, text.size());
  if (six) {
    in6_addr found{};
    if (inet_pton(AF_INET6, zero_ended, &found) != 1) return std::nullopt;
    return SocketAddress::ipv6(found, 0);
  }
  in_addr found{};
  if (inet_pton(AF_INET, zero_ended, &found) != 1) return std::nullopt;
  return SocketAddress::ipv4(ntohl(found.s_addr), 0);
}

// The line without its CRLF, behind "PROXY".
Parse parse_line(std::string_view line, std::size_t size) {
  Parse done{.outcome = Outcome::complete, .violation = Violation::none, .header = {}};
  Header& header = done.header;
  header.version = 1;
  header.size = size;
  const auto protocol = next_field(line);
  if (protocol == "UNKNOWN") return done;  // whatever follows is ignored
  const bool six = protocol == "TCP6";
  if ((!six && protocol != "TCP4") || line.empty()) return violation(Violation::bad_protocol);
  const auto source = next_field(line);
  const auto destination = next_field(line);
  const auto source_port = next_field(line);
  const auto destination_port = next_field(line);
  if (!source || !destination || !source_port || !destination_port || !line.empty())
    return violation(Violation::bad_header);
  auto from = address(*source, six);
  auto to = address(*destination, six);
  const auto from_port = port(*source_port);
  const auto to_port = port(*destination_port);
  if (!from || !to || !from_port || !to_port) return violation(Violation::bad_header);
  from->set_port(*from_port);
  to->set_port(*to_port);
  header.addresses = true;
  header.source = *from;
  header.destination = *to;
  return done;
}

Parse parse_v1(std::string_view bytes, std::size_t most) {
  const std::string_view line = bytes.substr(0, kMaxV1);
  const std::size_t end = line.find_first_of("\r\n");
  if (end == line.npos) {
    if (line.size() == kMaxV1) return violation(Violation::bad_header);
    return line.size() >= most ? violation(Violation::too_long) : Parse{};
  }
  // 2.1: a single CR or LF must not be tolerated.
  if (line[end] == '\n') return violation(Violation::bad_header);
  if (end + 1 == line.size()) return line.size() == kMaxV1 ? violation(Violation::bad_header) : Parse{};
  if (line[end + 1] != '\n') return violation(Violation::bad_header);
  const std::size_t word = kWordV1.size() - 1;
  return parse_line(line.substr(word, end - word), end + 2);
}

// -- version 2 --------------------------------------------------------------------------------------------------------

SocketAddress unix_address(std::string_view bytes) {
  if (bytes.front() == '\0') {
    const std::string_view name = bytes.substr(1, bytes.find_last_not_of('\0'));
    return name.find_first_not_of('\0') == name.npos ? SocketAddress::unix_path("") : SocketAddress::abstract(name);
  }
  return SocketAddress::unix_path(bytes.substr(0, bytes.find('\0')));
}

std::size_t address_bytes(unsigned family) {
  switch (family) {
    case 1: return 12;
    case 2: return 36;
    case 3: return 2 * kUnixAddress;
    default: return 0;
  }
}

void read_addresses(std::string_view bytes, unsigned family, Header& header) {
  header.addresses = true;
  if (family == 1) {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::memcpy(&source, bytes.data(), 4);
    std::memcpy(&destination, bytes.data() + 4, 4);
    header.source = SocketAddress::ipv4(ntohl(source), static_cast<std::uint16_t>(number16(bytes, 8)));
    header.destination = SocketAddress::ipv4(ntohl(destination), static_cast<std::uint16_t>(number16(bytes, 10)));
    return;
  }
  if (family == 2) {
    in6_addr source{};
    in6_addr destination{};
    std::memcpy(&source, bytes.data(), 16);
    std::memcpy(&destination, bytes.data() + 16, 16);
    header.source = SocketAddress::ipv6(source, static_cast<std::uint16_t>(number16(bytes, 32)));
    header.destination = SocketAddress::ipv6(destination, static_cast<std::uint16_t>(number16(bytes, 34)));
    return;
  }
  header.source = unix_address(bytes.substr(0, kUnixAddress));
  header.destination = unix_address(bytes.substr(kUnixAddress, kUnixAddress));
}

// 2.2.3: the checksum is that of the whole header with its own four bytes as zeroes.
bool checksum_holds(std::string_view whole, std::string_view value) {
  if (value.size() != 4) return false;
  const auto at = static_cast<std::size_t>(value.data() - whole.data());
  std::uint32_t crc = crc32c(whole.substr(0, at));
  crc = crc32c({"\0\0\0\0", 4}, crc);
  crc = crc32c(whole.substr(at + 4), crc);
  return crc == (static_cast<std::uint32_t>(number16(value, 0)) << 16U | number16(value, 2));
}

bool acceptable_tlvs(std::string_view whole, std::string_view tlvs) {
  std::size_t position = 0;
  bool checked = false;
  while (const auto tlv = next_tlv(tlvs, position)) {
    switch (tlv->type) {
      case type::crc32c:
        if (checked || !checksum_holds(whole, tlv->value)) return false;
        checked = true;
        break;
      case type::unique_id:
        if (tlv->value.size() > kMaxUniqueId) return false;
        break;
      case type::ssl:
        if (tlv->value.size() < kSslFixed || !well_formed_tlvs(tlv->value.substr(kSslFixed))) return false;
        break;
      default: break;
    }
  }
  return position == tlvs.size();
}

// `whole` is the header from its first byte to its last.
Parse parse_block(std::string_view whole) {
  Parse done{.outcome = Outcome::complete, .violation = Violation::none, .header = {}};
  Header& header = done.header;
  header.version = 2;
  header.size = whole.size();
  header.local = (byte_at(whole, 12) & 0x0fU) == 0;
  // 2.2: with LOCAL the whole block is discarded, the family included.
  if (header.local) return done;
  const unsigned family = byte_at(whole, 13) >> 4U;
  const unsigned transport = byte_at(whole, 13) & 0x0fU;
  if (family > 3 || transport > 2) return violation(Violation::bad_header);
  header.datagram = transport == 2;
  const std::string_view block = whole.substr(kFixedV2);
  if (family == 0 || transport == 0) {
    // UNSPEC says nothing about where addresses would end: what follows counts when it reads as TLVs.
    if (family != 0 || !well_formed_tlvs(block)) return done;
    if (!acceptable_tlvs(whole, block)) return violation(Violation::bad_header);
    header.tlvs = block;
    return done;
  }
  const std::size_t needed = address_bytes(family);
  if (block.size() < needed) return violation(Violation::bad_header);
  header.tlvs = block.substr(needed);
  if (!acceptable_tlvs(whole, header.tlvs)) return violation(Violation::bad_header);
  read_addresses(block, family, header);
  return done;
}

Parse parse_v2(std::string_view bytes, std::size_t most) {
  // 2.2: the version belongs to what identifies the protocol; unassigned commands must be dropped.
  if (bytes.size() > 12 && (byte_at(bytes, 12) & 0xf0U) != 0x20) return violation(Violation::not_header);
  if (bytes.size() > 12 && (byte_at(bytes, 12) & 0x0fU) > 1) return violation(Violation::bad_header);
  if (bytes.size() < kFixedV2) return {};
  const std::size_t size = kFixedV2 + number16(bytes, 14);
  if (size > most) return violation(Violation::too_long);
  if (bytes.size() < size) return {};
  return parse_block(bytes.substr(0, size));
}

}  // namespace

Parse parse(std::string_view bytes, std::size_t most) {
  if (bytes.empty()) return {};
  const std::string_view signature(kSignature.data(), kSignature.size());
  const auto begins_with = [&](std::string_view word) {
    const std::size_t size = std::min(bytes.size(), word.size());
    return bytes.substr(0, size) == word.substr(0, size);
  };
  if (begins_with(signature)) return bytes.size() < signature.size() ? Parse{} : parse_v2(bytes, most);
  if (begins_with(kWordV1)) return bytes.size() < kWordV1.size() ? Parse{} : parse_v1(bytes, most);
  // "PROXY" with anything else than a space behind it is that protocol, and wrong.
  if (bytes.starts_with(kWordV1.substr(0, kWordV1.size() - 1))) return violation(Violation::bad_header);
  return violation(Violation::not_header);
}

std::optional<Tlv> next_tlv(std::string_view tlvs, std::size_t& position) {
  if (position > tlvs.size() || tlvs.size() - position < 3) return std::nullopt;
  const std::size_t length = number16(tlvs, position + 1);
  if (tlvs.size() - position - 3 < length) return std::nullopt;
  const Tlv tlv{.type = byte_at(tlvs, position), .value = tlvs.substr(position + 3, length)};
  position += 3 + length;
  return tlv;
}

bool well_formed_tlvs(std::string_view tlvs) {
  std::size_t position = 0;
  while (next_tlv(tlvs, position)) {
  }
  return position == tlvs.size();
}

std::string_view ssl_subtypes(std::string_view ssl) {
  return ssl.size() < kSslFixed ? std::string_view() : ssl.substr(kSslFixed);
}

std::optional<std::string_view> find_tlv(std::string_view tlvs, std::uint8_t wanted) {
  const bool of_tls = wanted > type::ssl && wanted <= 0x2f;
  std::size_t position = 0;
  while (const auto tlv = next_tlv(tlvs, position)) {
    if (tlv->type == wanted) return tlv->value;
    if (!of_tls || tlv->type != type::ssl) continue;
    std::size_t inner = 0;
    while (const auto part = next_tlv(ssl_subtypes(tlv->value), inner))
      if (part->type == wanted) return part->value;
  }
  return std::nullopt;
}

// -- CRC32c -----------------------------------------------------------------------------------------------------------

namespace {

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; byte++) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = (value & 1U) != 0 ? value >> 1U ^ 0x82f63b78U : value >> 1U;
    table[byte] = value;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  for (const char byte : bytes) crc = kCrcTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xffU] ^ crc >> 8U;
  return ~crc;
}

// -- writing ----------------------------------------------------------------------------------------------------------

namespace {

in6_addr as_ipv6(const SocketAddress& address) {
  if (address.family() == AddressFamily::ipv6) return address.ipv6_address();
  in6_addr mapped{};
  mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
  const std::uint32_t four = htonl(address.ipv4_host_order());
  std::memcpy(mapped.s6_addr + 12, &four, 4);
  return mapped;
}

bool both_ipv4(const SocketAddress& a, const SocketAddress& b) {
  return a.family() == AddressFamily::ipv4 && b.family() == AddressFamily::ipv4;
}

std::string_view bytes_of(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

void put_host(std::span<char> out, std::size_t& used, const SocketAddress& address, bool six) {
  char text[INET6_ADDRSTRLEN] = {};
  if (six) {
    const in6_addr bytes = as_ipv6(address);
    inet_ntop(AF_INET6, &bytes, text, sizeof text);
  } else {
    const in_addr bytes{htonl(address.ipv4_host_order())};
    inet_ntop(AF_INET, &bytes, text, sizeof text);
  }
  out[used++] = ' ';
  const std::string_view word(text);
  word.copy(out.data() + used, word.size());
  used += word.size();
}

void put_port(std::span<char> out, std::size_t& used, std::uint16_t value) {
  out[used++] = ' ';
  const auto [end, problem] = std::to_chars(out.data() + used, out.data() + used + 5, value);
  (void)problem;  // five characters hold every port
  used = static_cast<std::size_t>(end - out.data());
}

}  // namespace

std::size_t write_v1(const SocketAddress& source, const SocketAddress& destination, std::span<char> out) {
  constexpr std::string_view kUnknown = "PROXY UNKNOWN\r\n";
  if (out.size() < kMaxV1) return 0;
  if (!source.is_inet() || !destination.is_inet()) return kUnknown.copy(out.data(), kUnknown.size());
  const bool six = !both_ipv4(source, destination);
  std::size_t used = std::string_view(six ? "PROXY TCP6" : "PROXY TCP4").copy(out.data(), 10);
  put_host(out, used, source, six);
  put_host(out, used, destination, six);
  put_port(out, used, source.port());
  put_port(out, used, destination.port());
  out[used++] = '\r';
  out[used++] = '\n';
  return used;
}

void WriterV2::put(std::string_view bytes) {
  fits_ = fits_ && bytes.size() <= out_.size() - used_;
  if (!fits_) return;
  bytes.copy(out_.data() + used_, bytes.size());
  used_ += bytes.size();
}

void WriterV2::put16(std::size_t value) {
  const char bytes[2] = {static_cast<char>(value >> 8U & 0xffU), static_cast<char>(value & 0xffU)};
  put({bytes, 2});
}

void WriterV2::begin(std::uint8_t version_and_command, std::uint8_t family) {
  put({kSignature.data(), kSignature.size()});
  const char bytes[2] = {static_cast<char>(version_and_command), static_cast<char>(family)};
  put({bytes, 2});
  put16(0);
}

void WriterV2::local() { begin(0x20, 0x00); }

void WriterV2::proxy(const SocketAddress& source, const SocketAddress& destination) {
  if (both_ipv4(source, destination)) {
    begin(0x21, 0x11);
    for (const SocketAddress* address : {&source, &destination}) {
      const std::uint32_t bytes = htonl(address->ipv4_host_order());
      put(bytes_of(&bytes, sizeof bytes));
    }
  } else if (source.is_inet() && destination.is_inet()) {
    begin(0x21, 0x21);
    for (const SocketAddress* address : {&source, &destination}) {
      const in6_addr bytes = as_ipv6(*address);
      put(bytes_of(&bytes, sizeof bytes));
    }
  } else if (source.is_unix() && destination.is_unix()) {
    begin(0x21, 0x31);
    for (const SocketAddress* address : {&source, &destination}) {
      char bytes[kUnixAddress] = {};
      const std::size_t skip = address->family() == AddressFamily::abstract ? 1 : 0;
      address->path().copy(bytes + skip, kUnixAddress - skip);
      put({bytes, kUnixAddress});
    }
    return;
  } else {
    return local();
  }
  put16(source.port());
  put16(destination.port());
}

void WriterV2::tlv(std::uint8_t type, std::string_view value) {
  if (value.size() > 65535) {
    fits_ = false;
    return;
  }
  const char byte = static_cast<char>(type);
  put({&byte, 1});
  put16(value.size());
  put(value);
}

void WriterV2::checksum() {
  tlv(type::crc32c, {"\0\0\0\0", 4});
  checksum_at_ = used_ - 4;
}

std::size_t WriterV2::finish() {
  if (!fits_ || used_ < kFixedV2 || used_ > kMaxV2) return 0;
  const std::size_t behind = used_ - kFixedV2;
  out_[14] = static_cast<char>(behind >> 8U);
  out_[15] = static_cast<char>(behind & 0xffU);
  if (checksum_at_ != 0) {
    const std::uint32_t crc = htonl(crc32c({out_.data(), used_}));
    std::memcpy(out_.data() + checksum_at_, &crc, 4);
  }
  return used_;
}

}  // namespace weir::proto::pp
