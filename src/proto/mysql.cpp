#include "proto/mysql.h"

namespace weir::proto::mysql {
namespace {

constexpr std::size_t kHeader = 4;
// No greeting and no answer to a login comes near it; a length that asks for more is some other protocol's text.
constexpr std::size_t kMaxBody = 4096;

// Capability flags.
constexpr std::uint32_t kLongPassword = 0x0000'0001;
constexpr std::uint32_t kProtocol41 = 0x0000'0200;
constexpr std::uint32_t kSecureConnection = 0x0000'8000;
constexpr std::uint32_t kPluginAuth = 0x0008'0000;

constexpr char kOkMark = '\x00';
constexpr char kMoreData = '\x01';
constexpr char kSwitchMark = '\xfe';
constexpr char kErrorMark = '\xff';

unsigned byte(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::string packet(unsigned sequence, std::string_view body) {
  std::string out;
  put(out, static_cast<std::uint32_t>(body.size()), 3);
  out += static_cast<char>(sequence);
  return out.append(body);
}

struct Packet {
  Message::Kind state = Message::Kind::incomplete;  // accepted: it is whole
  std::string_view body;
};

Packet parse_packet(std::string_view bytes, unsigned lowest, unsigned highest) {
  if (bytes.size() < kHeader) return {};
  const std::size_t size = byte(bytes, 0) | byte(bytes, 1) << 8U | byte(bytes, 2) << 16U;
  const unsigned sequence = byte(bytes, 3);
  if (size == 0 || size > kMaxBody || sequence < lowest || sequence > highest) return {Message::Kind::malformed, {}};
  if (bytes.size() < kHeader + size) return {};
  return {Message::Kind::accepted, bytes.substr(kHeader, size)};
}

Message error(std::string_view body) {
  if (body.size() < 3) return {Message::Kind::malformed, {}, 0};
  return {Message::Kind::error, body.substr(3), byte(body, 1) | byte(body, 2) << 8U};
}

}  // namespace

Message parse_greeting(std::string_view bytes) {
  const Packet packet = parse_packet(bytes, 0, 0);
  if (packet.state != Message::Kind::accepted) return {packet.state, {}, 0};
  if (packet.body.front() == kErrorMark) return error(packet.body);
  const std::size_t end = packet.body.find('\0', 1);
  // Protocol version 10, or 9 of servers before 3.21.
  if ((packet.body.front() != 10 && packet.body.front() != 9) || end == packet.body.npos)
    return {Message::Kind::malformed, {}, 0};
  return {Message::Kind::greeting, packet.body.substr(1, end - 1), 0};
}

Message parse_login_answer(std::string_view bytes) {
  const Packet packet = parse_packet(bytes, 1, 3);
  if (packet.state != Message::Kind::accepted) return {packet.state, {}, 0};
  switch (packet.body.front()) {
    case kErrorMark: return error(packet.body);
    case kOkMark:
    case kMoreData:
    case kSwitchMark: return {Message::Kind::accepted, {}, 0};
    default: return {Message::Kind::malformed, {}, 0};
  }
}

std::string login(std::string_view user, Dialect dialect) {
  std::string body;
  if (dialect == Dialect::pre_41) {
    put(body, kSecureConnection, 2);
    put(body, 0x01'0000, 3);  // the largest packet we would take
    body.append(user) += '\0';
    body += '\0';  // no password
    return packet(1, body);
  }
  constexpr std::uint32_t kUtf8 = 33;
  std::uint32_t capabilities = kProtocol41 | kSecureConnection;
  if (dialect == Dialect::post_80) capabilities |= kPluginAuth | kLongPassword;
  put(body, capabilities, 4);
  put(body, 0x0100'8000, 4);
  put(body, kUtf8, 1);
  body.append(23, '\0');
  body.append(user) += '\0';
  body += '\0';  // a password of no bytes
  if (dialect == Dialect::post_80) body.append("mysql_native_password") += '\0';
  return packet(1, body);
}

std::string quit() { return packet(0, "\x01"); }

}  // namespace weir::proto::mysql
