#include "proto/netscaler_cip.h"

#include <cstring>

namespace weir::proto {
namespace {

constexpr std::size_t kOldFixed = 8;   // magic, length
constexpr std::size_t kNewFixed = 12;  // magic, length, type, length of the headers
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::uint8_t kTcp = 6;  // IANA protocol number

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; i++) value = value << 8U | byte_at(bytes, at + i);
  return value;
}
std::uint16_t port(std::string_view bytes, std::size_t at) { return static_cast<std::uint16_t>(number(bytes, at, 2)); }

// The headers as they stood on the wire; false when they are none of TCP over IP or do not fit.
bool read_headers(std::string_view headers, CipParse& done) {
  if (headers.empty()) return false;
  const unsigned version = byte_at(headers, 0) >> 4U;
  if (version == 4) {
    const std::size_t ip = std::size_t{byte_at(headers, 0) & 0x0fU} * 4;
    if (ip < kIpv4Header || headers.size() < ip + kTcpHeader || byte_at(headers, 9) != kTcp) return false;
    done.source = SocketAddress::ipv4(number(headers, 12, 4), port(headers, ip));
    done.destination = SocketAddress::ipv4(number(headers, 16, 4), port(headers, ip + 2));
    return true;
  }
  // Only the basic header of IPv6 is inserted: TCP follows it.
  if (version != 6 || headers.size() < kIpv6Header + kTcpHeader || byte_at(headers, 6) != kTcp) return false;
  in6_addr source{};
  in6_addr destination{};
  std::memcpy(&source, headers.data() + 8, sizeof source);
  std::memcpy(&destination, headers.data() + 24, sizeof destination);
  done.source = SocketAddress::ipv6(source, port(headers, kIpv6Header));
  done.destination = SocketAddress::ipv6(destination, port(headers, kIpv6Header + 2));
  return true;
}

}  // namespace

CipParse parse_netscaler_cip(std::string_view bytes, std::uint32_t magic, std::size_t most) {
  CipParse done;
  for (std::size_t i = 0; i < 4 && i < bytes.size(); i++) {
    if (byte_at(bytes, i) == (magic >> (24 - 8 * i) & 0xffU)) continue;
    done.outcome = CipOutcome::bad_magic;
    return done;
  }
  if (bytes.size() < kNewFixed) return done;
  const bool old = (byte_at(bytes, kOldFixed) >> 4U) != 0;
  const std::size_t fixed = old ? kOldFixed : kNewFixed;
  const std::size_t length = old ? number(bytes, 4, 4) : number(bytes, 10, 2);
  if (length > most || fixed + length > most) {
    done.outcome = CipOutcome::too_long;
    return done;
  }
  if (bytes.size() < fixed + length) return done;
  done.size = fixed + length;
  done.outcome = read_headers(bytes.substr(fixed, length), done) ? CipOutcome::complete : CipOutcome::bad_protocol;
  return done;
}

}  // namespace weir::proto
