#include "proto/client_hello.h"

#include <algorithm>

#include "proto/byte_reader.h"
#include "proto/tls_records.h"

namespace weir::proto {
namespace {

constexpr std::uint8_t kClientHelloType = 1;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t big16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}
/// A list with a two-byte length in front that fills the whole payload.
std::string_view list16(std::optional<std::string_view> payload) {
  if (!payload) return {};
  ByteReader reader(*payload);
  const std::string_view list = reader.take(reader.u16());
  return reader.failed() ? std::string_view{} : list;
}

/// GREASE values (RFC 8701) look like 0x?a?a.
bool is_grease(std::uint16_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

bool read_body(std::string_view body, ClientHello& hello) {
  ByteReader reader(body);
  hello.version = reader.u16();
  hello.random = reader.take(32);
  hello.session_id = reader.take(reader.u8());
  hello.ciphers = reader.take(reader.u16());
  hello.compression_methods = reader.take(reader.u8());
  if (reader.failed() || hello.version >> 8 != 3 || hello.session_id.size() > 32 || hello.ciphers.size() % 2 != 0) {
    return false;
  }
  if (reader.empty()) return true;  // SSL 3.0 and early TLS clients send no extensions at all
  hello.extensions = reader.take(reader.u16());
  return !reader.failed();
}

/// RFC 5246 E.2: two length bytes with the high bit set, message type 1, a version, three lengths and their data.
ClientHelloParse parse_sslv2(std::string_view bytes) {
  ClientHelloParse parse;
  ClientHello& hello = parse.hello;
  if (bytes.size() >= 3 && byte_at(bytes, 2) != kClientHelloType) return {HelloOutcome::not_tls, {}};
  if (bytes.size() >= 4 && byte_at(bytes, 3) != 0 && byte_at(bytes, 3) != 3) return {HelloOutcome::not_tls, {}};
  if (bytes.size() < 2) return parse;
  const std::size_t length = big16(bytes, 0) & 0x7fffU;
  if (length < 9 || length > kMaxClientHello) return {HelloOutcome::not_tls, {}};
  if (bytes.size() < 11) return parse;
  const std::size_t ciphers = big16(bytes, 5);
  const std::size_t session = big16(bytes, 7);
  const std::size_t challenge = big16(bytes, 9);
  const TlsVersion version = big16(bytes, 3);
  if ((version >> 8 == 0 && version != 2) || ciphers == 0 || ciphers % 3 != 0 || session > 32 || challenge < 16 ||
      challenge > 32 || 9 + ciphers + session + challenge != length) {
    return {HelloOutcome::not_tls, {}};
  }
  if (bytes.size() < 2 + length) return parse;
  hello.sslv2_framing = true;
  hello.handshake_type = kClientHelloType;
  hello.version = version;
  hello.record_version = version;
  hello.ciphers = bytes.substr(11, ciphers);
  hello.session_id = bytes.substr(11 + ciphers, session);
  hello.random = bytes.substr(11 + ciphers + session, challenge);
  hello.consumed = 2 + length;
  parse.outcome = HelloOutcome::complete;
  return parse;
}

}  // namespace

std::optional<std::string_view> ClientHello::extension(std::uint16_t type) const {
  ByteReader reader(extensions);
  while (!reader.empty()) {
    const std::uint16_t found = reader.u16();
    const std::string_view payload = reader.take(reader.u16());
    if (reader.failed()) return std::nullopt;
    if (found == type) return payload;
  }
  return std::nullopt;
}

std::string_view ClientHello::server_name() const {
  ByteReader names(list16(extension(tls_extension::server_name)));
  while (!names.empty()) {
    const std::uint8_t type = names.u8();
    const std::string_view name = names.take(names.u16());
    if (names.failed()) return {};
    if (type == 0) return name;  // RFC 6066 3: host_name, the only type there is
  }
  return {};
}

std::string_view ClientHello::supported_groups() const { return list16(extension(tls_extension::supported_groups)); }
std::string_view ClientHello::signature_algorithms() const {
  return list16(extension(tls_extension::signature_algorithms));
}
std::string_view ClientHello::key_shares() const { return list16(extension(tls_extension::key_share)); }
std::string_view ClientHello::alpn_list() const { return list16(extension(tls_extension::alpn)); }

std::string_view ClientHello::supported_versions() const {
  const auto payload = extension(tls_extension::supported_versions);
  if (!payload) return {};
  ByteReader reader(*payload);
  const std::string_view list = reader.take(reader.u8());
  return reader.failed() || list.size() % 2 != 0 ? std::string_view{} : list;
}

std::string_view ClientHello::first_alpn() const {
  std::size_t position = 0;
  return next_alpn(alpn_list(), position).value_or(std::string_view{});
}

int ClientHello::session_ticket_state() const {
  const auto payload = extension(tls_extension::session_ticket);
  if (!payload) return 0;
  return payload->empty() ? 1 : 2;
}

TlsVersion ClientHello::highest_version() const {
  TlsVersion highest = 0;
  const std::string_view list = supported_versions();
  for (std::size_t at = 0; at + 2 <= list.size(); at += 2) {
    const TlsVersion offered = big16(list, at);
    if (!is_grease(offered)) highest = std::max(highest, offered);
  }
  return highest != 0 ? highest : version;
}

std::optional<std::string_view> next_alpn(std::string_view alpn_list, std::size_t& position) {
  if (position >= alpn_list.size()) return std::nullopt;
  ByteReader reader(alpn_list.substr(position));
  const std::string_view name = reader.take(reader.u8());
  if (reader.failed()) return std::nullopt;
  position += 1 + name.size();
  return name;
}

std::optional<std::uint16_t> next_key_share_group(std::string_view key_shares, std::size_t& position) {
  if (position >= key_shares.size()) return std::nullopt;
  ByteReader reader(key_shares.substr(position));
  const std::uint16_t group = reader.u16();
  const std::string_view key = reader.take(reader.u16());
  if (reader.failed()) return std::nullopt;
  position += 4 + key.size();
  return group;
}

ClientHelloParse parse_client_hello(std::string_view bytes, std::span<char> scratch) {
  if (bytes.empty()) return {};
  if ((byte_at(bytes, 0) & 0x80) != 0) return parse_sslv2(bytes);
  ClientHelloParse parse;
  const HandshakeMessage joined = join_handshake(bytes, kClientHelloType, kMaxClientHello, scratch);
  if (joined.outcome == HandshakeJoin::need_more) return {};
  if (joined.outcome == HandshakeJoin::bad) return {HelloOutcome::not_tls, {}};
  const std::string_view message = joined.message;
  parse.hello.consumed = joined.consumed;
  parse.hello.record_version = big16(bytes, 1);
  parse.hello.handshake_type = byte_at(message, 0);
  if (!read_body(message.substr(kTlsHandshakeHeader), parse.hello)) return {HelloOutcome::not_tls, {}};
  parse.outcome = HelloOutcome::complete;
  return parse;
}

}  // namespace weir::proto
