#include "sample/pattern_parse.h"

#include <arpa/inet.h>

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace weir::sample {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> read_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "3.1" is 3 * 65536 + 1, "3" is 3.0.
std::optional<std::int64_t> read_version(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto major = read_whole(text.substr(0, dot));
  const auto minor = dot == std::string_view::npos ? std::optional<std::int64_t>(0) : read_whole(text.substr(dot + 1));
  if (!major || !minor || *major < 0 || *major > 65535 || *minor < 0 || *minor > 65535) return std::nullopt;
  return *major * 65536 + *minor;
}

/// COMPAT: an abbreviated address keeps its last number as the last byte: "10.12" is 10.0.0.12. Not RFC 4632.
std::optional<std::uint32_t> read_ipv4(std::string_view text) {
  std::uint32_t bytes[4];
  std::size_t count = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const auto value = read_whole(text.substr(0, dot));
    if (!value || *value < 0 || *value > 255 || count == 4) return std::nullopt;
    bytes[count++] = static_cast<std::uint32_t>(*value);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (count < 2) return std::nullopt;
  std::uint32_t address = bytes[count - 1];
  for (std::size_t i = 0; i + 1 < count; ++i) address |= bytes[i] << (24 - 8 * i);
  return address;
}

std::string_view trim(std::string_view text, std::string_view characters) {
  const std::size_t first = text.find_first_not_of(characters);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

// How many leading bits a dotted mask has; nullopt: it has holes.
std::optional<std::uint8_t> bits_of_mask(std::uint32_t mask) {
  if ((~mask & (~mask + 1)) != 0) return std::nullopt;
  return static_cast<std::uint8_t>(std::countl_one(mask));
}

// What the bits beyond the length of an address say does not count.
void clear_rest(Network& network) {
  for (std::size_t bit = network.length; bit < 128; ++bit)
    network.bytes[bit / 8] = static_cast<unsigned char>(network.bytes[bit / 8] & ~(0x80U >> (bit % 8)));
}

Result<Network> ipv4_network(std::uint32_t address, std::string_view pattern, std::string_view mask_text) {
  std::uint8_t length = 32;
  if (mask_text.data() != nullptr) {
    const auto bits = read_whole(mask_text);
    in_addr dotted;
    if (bits && *bits >= 0 && *bits <= 32) {
      length = static_cast<std::uint8_t>(*bits);
    } else if (inet_pton(AF_INET, std::string(mask_text).c_str(), &dotted) == 1) {
      const auto whole = bits_of_mask(ntohl(dotted.s_addr));
      if (!whole) return fail(fmt::format("the mask of '{}' has holes", pattern));
      length = *whole;
    } else {
      return fail(fmt::format("'{}' is not an IPv4 mask: 0 to 32 or 255.255.255.0", mask_text));
    }
  }
  Network network{.length = static_cast<std::uint8_t>(length + 96), .ipv4 = true};
  const in6_addr mapped = mapped_ipv6(address);
  std::memcpy(network.bytes.data(), &mapped, sizeof mapped);
  clear_rest(network);
  return network;
}

}  // namespace

std::optional<IntegerOperator> find_integer_operator(std::string_view word) {
  constexpr std::string_view kNames[] = {"eq", "ge", "gt", "le", "lt"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == word) return static_cast<IntegerOperator>(i);
  }
  return std::nullopt;
}

Result<IntegerRange> parse_integers(std::string_view pattern, IntegerOperator op, bool versions) {
  const auto read = [versions](std::string_view text) { return versions ? read_version(text) : read_whole(text); };
  const std::string_view wanted = versions ? "a version such as 3.1, or a range such as 3:3.3"
                                           : "an integer such as 80, or a range such as 1024:65535";
  const auto wrong = [&] { return fail(fmt::format("'{}' is not {}", pattern, wanted)); };
  const std::size_t colon = pattern.find(':');
  IntegerRange range{kLowest, kHighest};
  const std::string_view first = pattern.substr(0, colon);
  const std::string_view last = colon == std::string_view::npos ? first : pattern.substr(colon + 1);
  if (pattern.empty() || pattern == ":") return wrong();
  if (!first.empty()) {
    const auto value = read(first);
    if (!value) return wrong();
    range.low = *value;
  }
  if (!last.empty()) {
    const auto value = read(last);
    if (!value) return wrong();
    range.high = *value;
  }
  if (range.empty()) return fail(fmt::format("the range '{}' is empty: its first bound is the larger one", pattern));
  if (op != IntegerOperator::eq && colon != std::string_view::npos)
    return fail(fmt::format("the range '{}' cannot follow a comparison operator", pattern));
  constexpr IntegerRange kNone{1, 0};
  switch (op) {
    case IntegerOperator::eq: break;
    case IntegerOperator::ge: range.high = kHighest; break;
    case IntegerOperator::le: range.low = kLowest; break;
    case IntegerOperator::gt:
      if (range.low == kHighest) return kNone;  // nothing is greater
      return IntegerRange{range.low + 1, kHighest};
    case IntegerOperator::lt:
      if (range.high == kLowest) return kNone;
      return IntegerRange{kLowest, range.high - 1};
  }
  return range;
}

std::string integers_text(const IntegerRange& range, bool versions) {
  const auto one = [versions](std::int64_t value) {
    return versions ? fmt::format("{}.{}", value / 65536, value % 65536) : fmt::format("{}", value);
  };
  if (range.low == range.high) return one(range.low);
  return fmt::format("{}:{}", range.low == kLowest ? "" : one(range.low),
                     range.high == kHighest ? "" : one(range.high));
}

Result<Network> parse_network(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  const std::string host(pattern.substr(0, slash));
  const std::string_view mask_text = slash == std::string_view::npos ? std::string_view() : pattern.substr(slash + 1);
  if (const auto address = read_ipv4(host)) return ipv4_network(*address, pattern, mask_text);
  Network network;
  if (host.find('\0') != host.npos || inet_pton(AF_INET6, host.c_str(), network.bytes.data()) != 1) {
    return fail(fmt::format("'{}' is not an address or network such as 192.168.0.0/16 or 2001:db8::/32{}", pattern,
                            host.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos
                                ? ""
                                : "; host names are not resolved here"));
  }
  if (slash != std::string_view::npos) {
    const auto bits = read_whole(mask_text);
    if (!bits || *bits < 0 || *bits > 128) return fail(fmt::format("'{}' is not an IPv6 mask: 0 to 128", mask_text));
    network.length = static_cast<std::uint8_t>(*bits);
  }
  clear_rest(network);
  return network;
}

std::string_view without_delimiters(MatchKind kind, std::string_view pattern) {
  if (kind == MatchKind::dir) return trim(pattern, kDirectoryDelimiters);
  if (kind == MatchKind::dom) return trim(pattern, kDomainDelimiters);
  return pattern;
}

bool contains_between(std::string_view text, std::string_view pattern, std::string_view delimiters) {
  if (pattern.empty()) return true;
  for (std::size_t at = text.find(pattern); at != std::string_view::npos; at = text.find(pattern, at + 1)) {
    const std::size_t end = at + pattern.size();
    const bool starts = at == 0 || delimiters.contains(text[at - 1]) || delimiters.contains(pattern.front());
    const bool ends = end == text.size() || delimiters.contains(text[end]) || delimiters.contains(pattern.back());
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace weir::sample
