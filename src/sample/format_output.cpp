// How one item of a log format is written: quoted, escaped, in hexadecimal, or as absent.
#include <arpa/inet.h>

#include <charconv>

#include "sample/log_format.h"
#include "sample/text.h"

namespace weir::sample {

EncodedValue FormatOutput::value() const {
  using Kind = EncodedValue::Kind;
  switch (written_) {
    case Written::nothing:
    case Written::absent: return {};
    case Written::number: return {.kind = Kind::number, .number = number_};
    case Written::text: return {.kind = Kind::text, .text = {out_.data(), used_}};
  }
  return {};
}

void FormatOutput::verbatim(std::string_view bytes) {
  written_ = Written::text;
  for (const char c : bytes) put(c);
}

// Manual 8.6: logs keep 32 to 126 but for '#', '"' and, with the escape flag, what '\' protects; header values only
// lose what RFC 9110 5.5 forbids there. An expression's value keeps its '"' where no quotes surround it: the manual's
// example of the converter json writes \" into a log.
void FormatOutput::escaped(std::string_view value, bool keep_quotes) {
  const auto hex = [this](char mark, char c) {
    const auto byte = static_cast<unsigned char>(c);
    put(mark);
    put(kHexDigits[byte >> 4]);
    put(kHexDigits[byte & 15]);
  };
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (flags_.escape && (c == '"' || c == '\\' || c == ']')) {
      put('\\');
      put(c);
    } else if (flags_.binary || use_ == FormatUse::text) {
      put(c);
    } else if (use_ == FormatUse::header) {
      if ((byte < 32 && c != '\t') || byte == 127) {
        hex('%', c);
      } else {
        put(c);
      }
    } else if (byte < 32 || byte > 126 || c == '#' || (c == '"' && !keep_quotes)) {
      hex('#', c);
    } else {
      put(c);
    }
  }
}

void FormatOutput::text(std::string_view value) {
  if (value.empty()) return absent();
  written_ = Written::text;
  if (flags_.quote) put('"');
  escaped(value, false);
  if (flags_.quote) put('"');
}

void FormatOutput::expression(std::string_view value) {
  if (value.empty() || flags_.quote) return text(value);
  written_ = Written::text;
  escaped(value, true);
}

void FormatOutput::absent() {
  if (written_ == Written::nothing) written_ = Written::absent;
  if (use_ != FormatUse::log) return;
  verbatim(flags_.quote ? "\"\"" : "-");
}

void FormatOutput::integer(std::int64_t value) {
  const bool alone = written_ == Written::nothing;
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  verbatim({digits, static_cast<std::size_t>(end - digits)});
  if (!alone) return;
  written_ = Written::number;
  number_ = value;
}

void FormatOutput::hex_integer(std::int64_t value) {
  if (!flags_.hex) return integer(value);
  written_ = Written::text;
  // At least four digits, as ports are written.
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, static_cast<std::uint64_t>(value), 16);
  for (auto size = end - digits; size < 4; ++size) put('0');
  for (const char* at = digits; at != end; ++at) put(upper(*at));
}

void FormatOutput::address(const SocketAddress& value) {
  if (!value.is_inet()) return text(value.family() == AddressFamily::none ? std::string() : value.host());
  written_ = Written::text;
  char digits[INET6_ADDRSTRLEN];
  const Sample sample = Sample::address(value);
  if (flags_.hex && value.family() == AddressFamily::ipv4) {
    const std::uint32_t host_order = sample.as_ipv4();
    for (unsigned shift = 32; shift != 0; shift -= 4) put(kHexDigits[host_order >> (shift - 4) & 15]);
    return;
  }
  const in6_addr six = value.family() == AddressFamily::ipv6 ? sample.as_ipv6() : in6_addr{};
  if (flags_.hex) {
    for (const unsigned char byte : six.s6_addr) {
      put(kHexDigits[byte >> 4]);
      put(kHexDigits[byte & 15]);
    }
    return;
  }
  const in_addr four{value.family() == AddressFamily::ipv4 ? htonl(sample.as_ipv4()) : 0};
  if (value.family() == AddressFamily::ipv4) {
    inet_ntop(AF_INET, &four, digits, sizeof digits);
  } else {
    inet_ntop(AF_INET6, &six, digits, sizeof digits);
  }
  verbatim(digits);
}

}  // namespace weir::sample
