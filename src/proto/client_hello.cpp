#include "proto/client_hello.h"

#include <algorithm>
#include <cstring>

namespace weir::proto {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHelloType = 1;
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kHandshakeHeader = 4;
constexpr std::size_t kMaxRecord = 16384;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t big16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}
std::size_t big24(std::string_view bytes, std::size_t at) {
  return std::size_t{byte_at(bytes, at)} << 16 | big16(bytes, at + 1);
}

/// Takes values off the front of a slice; once one does not fit, everything after it fails too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint8_t u8() {
    const std::string_view taken = take(1);
    return failed_ ? std::uint8_t{0} : byte_at(taken, 0);
  }
  std::uint16_t u16() {
    const std::string_view taken = take(2);
    return failed_ ? std::uint16_t{0} : big16(taken, 0);
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// A list with a two-byte length in front that fills the whole payload.
std::string_view list16(std::optional<std::string_view> payload) {
  if (!payload) return {};
  Reader reader(*payload);
  const std::string_view list = reader.take(reader.u16());
  return reader.failed() ? std::string_view{} : list;
}

/// GREASE values (RFC 8701) look like 0x?a?a.
bool is_grease(std::uint16_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

bool read_body(std::string_view body, ClientHello& hello) {
  Reader reader(body);
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

enum class Join : std::uint8_t { need_more, bad, joined };

/// Brings the handshake message (header and body) together; `message` points into the input when one record holds it.
Join join_records(std::string_view bytes, std::span<char> scratch, std::string_view& message, std::size_t& consumed) {
  std::size_t gathered = 0;  // bytes of the message before the current record
  std::size_t needed = 0;    // of the whole message, 0 until its header is there
  char header[kHandshakeHeader];
  for (std::size_t at = 0;;) {
    const std::string_view rest = bytes.substr(at);
    if (!rest.empty() && byte_at(rest, 0) != kHandshakeRecord) return Join::bad;
    if (rest.size() >= 2 && byte_at(rest, 1) != 3) return Join::bad;
    if (rest.size() < kRecordHeader) return Join::need_more;
    const std::size_t length = big16(rest, 3);
    if (length == 0 || length > kMaxRecord) return Join::bad;  // RFC 8446 5.1 forbids empty handshake fragments
    const std::string_view fragment = rest.substr(kRecordHeader, length);
    for (std::size_t i = 0; gathered + i < kHandshakeHeader && i < fragment.size(); ++i)
      header[gathered + i] = fragment[i];
    const std::size_t have = gathered + fragment.size();
    if (have > 0 && static_cast<std::uint8_t>(header[0]) != kClientHelloType) return Join::bad;
    if (needed == 0 && have >= kHandshakeHeader) {
      needed = kHandshakeHeader + big24({header, kHandshakeHeader}, 1);
      if (needed > kMaxClientHello) return Join::bad;
    }
    if (gathered == 0 && needed != 0 && length >= needed) {
      if (have < needed) return Join::need_more;
      message = fragment.substr(0, needed);
      consumed = kRecordHeader + needed;
      return Join::joined;
    }
    if (fragment.size() < length && (needed == 0 || have < needed)) return Join::need_more;
    const std::size_t wanted = needed == 0 ? fragment.size() : std::min(fragment.size(), needed - gathered);
    if (gathered + wanted > scratch.size()) return Join::bad;
    std::memcpy(scratch.data() + gathered, fragment.data(), wanted);
    gathered += wanted;
    at += kRecordHeader + wanted;
    if (needed != 0 && gathered == needed) {
      message = {scratch.data(), needed};
      consumed = at;
      return Join::joined;
    }
  }
}

}  // namespace

std::optional<std::string_view> ClientHello::extension(std::uint16_t type) const {
  Reader reader(extensions);
  while (!reader.empty()) {
    const std::uint16_t found = reader.u16();
    const std::string_view payload = reader.take(reader.u16());
    if (reader.failed()) return std::nullopt;
    if (found == type) return payload;
  }
  return std::nullopt;
}

std::string_view ClientHello::server_name() const {
  Reader names(list16(extension(tls_extension::server_name)));
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
  Reader reader(*payload);
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
  Reader reader(alpn_list.substr(position));
  const std::string_view name = reader.take(reader.u8());
  if (reader.failed()) return std::nullopt;
  position += 1 + name.size();
  return name;
}

std::optional<std::uint16_t> next_key_share_group(std::string_view key_shares, std::size_t& position) {
  if (position >= key_shares.size()) return std::nullopt;
  Reader reader(key_shares.substr(position));
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
  std::string_view message;
  switch (join_records(bytes, scratch, message, parse.hello.consumed)) {
    case Join::need_more: return {};
    case Join::bad: return {HelloOutcome::not_tls, {}};
    case Join::joined: break;
  }
  parse.hello.record_version = big16(bytes, 1);
  parse.hello.handshake_type = byte_at(message, 0);
  if (!read_body(message.substr(kHandshakeHeader), parse.hello)) return {HelloOutcome::not_tls, {}};
  parse.outcome = HelloOutcome::complete;
  return parse;
}

}  // namespace weir::proto
