#include "proto/rdp.h"

#include <charconv>
#include <cstring>

namespace weir::proto::rdp {
namespace {

constexpr std::uint8_t kTpktVersion = 3;
constexpr std::uint8_t kConnectionRequestCode = 0xE0;
constexpr std::uint8_t kConnectionConfirmCode = 0xD0;
constexpr std::uint8_t kNegotiationRequest = 0x01;
constexpr std::uint8_t kNegotiationResponse = 0x02;
constexpr std::uint8_t kNegotiationFailure = 0x03;
constexpr std::uint8_t kCorrelationInfo = 0x06;
constexpr std::size_t kNegotiationSize = 8;
constexpr std::size_t kCorrelationSize = 36;
constexpr std::string_view kCookiePrefix = "Cookie:";

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint16_t big16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}
std::uint16_t little16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at + 1) << 8 | byte_at(bytes, at));
}
std::uint32_t little32(std::string_view bytes, std::size_t at) {
  return std::uint32_t{little16(bytes, at)} | std::uint32_t{little16(bytes, at + 2)} << 16;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// The packet at the front of `bytes` when all of it is there and its fixed header says `code`.
Outcome take_packet(std::string_view bytes, std::uint8_t code, std::string_view& packet) {
  if (!bytes.empty() && byte_at(bytes, 0) != kTpktVersion) return Outcome::not_rdp;
  if (bytes.size() < 4) return Outcome::need_more;
  // The reserved byte at 1 is not judged: RFC 1006 gives it no meaning.
  const std::size_t length = big16(bytes, 2);
  if (length < kHeaderSize || length > kMaxPacket) return Outcome::not_rdp;
  if (bytes.size() > 4) {
    // The length indicator leaves itself out. Clients with routing tokens too long for it exist, so it may say less
    // than the packet holds, never more; 255 is reserved by X.224.
    const std::size_t indicated = byte_at(bytes, 4);
    if (indicated < kHeaderSize - 5 || indicated + 5 > length || indicated == 255) return Outcome::not_rdp;
  }
  if (bytes.size() > 5 && (byte_at(bytes, 5) & 0xF0) != code) return Outcome::not_rdp;
  // Class 0 is the only one RDP knows; the low bits are options.
  if (bytes.size() > 10 && (byte_at(bytes, 10) & 0xF0) != 0) return Outcome::not_rdp;
  if (bytes.size() < length) return Outcome::need_more;
  packet = bytes.substr(0, length);
  return Outcome::complete;
}

/// One piece of a variable part: a negotiation request, correlation information, or a line of text.
struct Item {
  enum class Kind : std::uint8_t { negotiation, correlation, line, none } kind = Kind::none;
  std::string_view bytes;  // lines without CR LF
};

Item next_item(std::string_view part, std::size_t& position) {
  const std::string_view rest = part.substr(position);
  if (rest.empty()) return {};
  const std::uint8_t type = byte_at(rest, 0);
  if (type == kNegotiationRequest && rest.size() >= kNegotiationSize && little16(rest, 2) == kNegotiationSize) {
    position += kNegotiationSize;
    return {Item::Kind::negotiation, rest.substr(0, kNegotiationSize)};
  }
  if (type == kCorrelationInfo && rest.size() >= kCorrelationSize && little16(rest, 2) == kCorrelationSize) {
    position += kCorrelationSize;
    return {Item::Kind::correlation, rest.substr(0, kCorrelationSize)};
  }
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) {
    position = part.size();  // neither a line nor anything known: nothing behind it can be trusted
    return {};
  }
  position += end + 2;
  return {Item::Kind::line, rest.substr(0, end)};
}

/// The cookie of a line. It need not stand at its start: some gateways put bytes of their own before it.
std::optional<Cookie> cookie_of(std::string_view line) {
  for (std::size_t at = 0; at + kCookiePrefix.size() <= line.size(); ++at) {
    if (!equal_ignoring_case(line.substr(at, kCookiePrefix.size()), kCookiePrefix)) continue;
    std::string_view text = line.substr(at + kCookiePrefix.size());
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    return Cookie{text.substr(0, equals), text.substr(equals + 1)};
  }
  return std::nullopt;
}

class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void text(std::string_view bytes) {
    if (bytes.size() > out_.size() - used_) {
      overflow_ = true;
      return;
    }
    if (!bytes.empty()) std::memcpy(out_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  void byte(std::uint8_t value) {
    const char c = static_cast<char>(value);
    text({&c, 1});
  }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] bool overflow() const { return overflow_; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
  bool overflow_ = false;
};

bool fits_in_line(std::string_view text) { return text.find_first_of("\r\n") == std::string_view::npos; }

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::optional<Cookie> next_cookie(std::string_view variable_part, std::size_t& position) {
  while (position < variable_part.size()) {
    const Item item = next_item(variable_part, position);
    if (item.kind != Item::Kind::line) continue;
    const std::optional<Cookie> cookie = cookie_of(item.bytes);
    if (cookie) return cookie;
  }
  return std::nullopt;
}

std::optional<std::string_view> ConnectionRequest::cookie(std::string_view name) const {
  std::size_t position = 0;
  while (const auto found = next_cookie(variable_part, position)) {
    if (name.empty() || equal_ignoring_case(found->name, name)) return found->value;
  }
  return std::nullopt;
}

std::size_t ConnectionRequest::cookie_count(std::string_view name) const {
  std::size_t position = 0;
  std::size_t count = 0;
  while (const auto found = next_cookie(variable_part, position)) {
    if (name.empty() || equal_ignoring_case(found->name, name)) ++count;
  }
  return count;
}

RequestParse parse_connection_request(std::string_view bytes) {
  RequestParse parse;
  ConnectionRequest& request = parse.request;
  parse.outcome = take_packet(bytes, kConnectionRequestCode, request.packet);
  if (parse.outcome != Outcome::complete) return parse;
  request.variable_part = request.packet.substr(kHeaderSize);
  std::size_t position = 0;
  while (position < request.variable_part.size()) {
    const Item item = next_item(request.variable_part, position);
    if (item.kind == Item::Kind::negotiation && !request.negotiation) {
      request.negotiation = NegotiationRequest{byte_at(item.bytes, 1), little32(item.bytes, 4)};
    } else if (item.kind == Item::Kind::correlation && request.correlation_id.empty()) {
      request.correlation_id = item.bytes.substr(4, 16);
    } else if (item.kind == Item::Kind::line && request.routing_token.empty()) {
      const std::optional<Cookie> cookie = cookie_of(item.bytes);
      if (!cookie || !equal_ignoring_case(cookie->name, "mstshash")) request.routing_token = item.bytes;
    }
  }
  return parse;
}

std::optional<RoutingTarget> decode_routing_cookie(std::string_view value) {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  if (!take_number(value, address) || value.empty() || value.front() != '.') return std::nullopt;
  value.remove_prefix(1);
  if (!take_number(value, port) || value.empty() || value.front() != '.') return std::nullopt;
  return RoutingTarget{__builtin_bswap32(address), __builtin_bswap16(port)};
}

std::size_t encode_routing_cookie(const RoutingTarget& target, std::span<char> out) {
  char text[kMaxRoutingCookie];
  char* const end = text + sizeof text;
  char* at = std::to_chars(text, end, __builtin_bswap32(target.ipv4_host_order)).ptr;
  *at++ = '.';
  at = std::to_chars(at, end, __builtin_bswap16(target.port)).ptr;
  std::memcpy(at, ".0000", 5);
  at += 5;
  const auto size = static_cast<std::size_t>(at - text);
  if (size > out.size()) return 0;
  std::memcpy(out.data(), text, size);
  return size;
}

std::size_t write_connection_request(const RequestFields& fields, std::span<char> out) {
  if (out.size() < kHeaderSize || !fits_in_line(fields.routing_token) || !fits_in_line(fields.cookie_name) ||
      !fits_in_line(fields.cookie_value)) {
    return 0;
  }
  Writer writer(out.subspan(kHeaderSize));
  if (!fields.routing_token.empty()) {
    writer.text(fields.routing_token);
    writer.text("\r\n");
  }
  if (!fields.cookie_name.empty()) {
    writer.text("Cookie: ");
    writer.text(fields.cookie_name);
    writer.text("=");
    writer.text(fields.cookie_value);
    writer.text("\r\n");
  }
  if (fields.negotiation) {
    writer.byte(kNegotiationRequest);
    writer.byte(fields.negotiation->flags);
    writer.byte(kNegotiationSize);
    writer.byte(0);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      writer.byte(static_cast<std::uint8_t>(fields.negotiation->protocols >> shift));
    }
  }
  const std::size_t length = kHeaderSize + writer.used();
  if (writer.overflow() || length - 5 > 254) return 0;
  Writer head(out.first(kHeaderSize));
  head.byte(kTpktVersion);
  head.byte(0);
  head.byte(static_cast<std::uint8_t>(length >> 8));
  head.byte(static_cast<std::uint8_t>(length));
  head.byte(static_cast<std::uint8_t>(length - 5));
  head.byte(kConnectionRequestCode);
  for (int i = 0; i < 5; ++i) head.byte(0);  // destination and source reference, class
  return length;
}

std::string_view failure_name(FailureCode code) {
  switch (code) {
    case FailureCode::ssl_required_by_server: return "SSL_REQUIRED_BY_SERVER";
    case FailureCode::ssl_not_allowed_by_server: return "SSL_NOT_ALLOWED_BY_SERVER";
    case FailureCode::ssl_certificate_not_on_server: return "SSL_CERT_NOT_ON_SERVER";
    case FailureCode::inconsistent_flags: return "INCONSISTENT_FLAGS";
    case FailureCode::hybrid_required_by_server: return "HYBRID_REQUIRED_BY_SERVER";
    case FailureCode::ssl_with_user_authentication_required_by_server: return "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER";
  }
  return "unknown failure code";
}

bool means_up(FailureCode code) {
  switch (code) {
    case FailureCode::ssl_required_by_server:
    case FailureCode::ssl_not_allowed_by_server:
    case FailureCode::inconsistent_flags:
    case FailureCode::hybrid_required_by_server:
    case FailureCode::ssl_with_user_authentication_required_by_server: return true;
    case FailureCode::ssl_certificate_not_on_server: return false;
  }
  return false;
}

ConfirmParse parse_connection_confirm(std::string_view bytes) {
  ConfirmParse parse;
  ConnectionConfirm& confirm = parse.confirm;
  parse.outcome = take_packet(bytes, kConnectionConfirmCode, confirm.packet);
  if (parse.outcome != Outcome::complete) return parse;
  const std::string_view rest = confirm.packet.substr(kHeaderSize);
  if (rest.size() < kNegotiationSize || little16(rest, 2) != kNegotiationSize) return parse;
  const std::uint8_t type = byte_at(rest, 0);
  if (type == kNegotiationResponse) {
    confirm.kind = ConfirmKind::accepted;
    confirm.flags = byte_at(rest, 1);
    confirm.protocol = little32(rest, 4);
  } else if (type == kNegotiationFailure) {
    confirm.kind = ConfirmKind::refused;
    confirm.failure = static_cast<FailureCode>(little32(rest, 4));
  }
  return parse;
}

}  // namespace weir::proto::rdp
