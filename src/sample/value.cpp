#include "sample/value.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace weir::sample {
namespace {

// Rows give, columns want; in the order of Type from boolean on. 'n': no conversion.
constexpr char kCasts[kTypeCount - 2][kTypeCount - 1] = {
    "yynnyyn",  // boolean: integer, string, binary
    "yyynyyn",  // integer: boolean, ipv4, string, binary
    "nyyyyyn",  // ipv4: integer, ipv6, string, binary
    "nnyyyyn",  // ipv6: ipv4 when it embeds one, string, binary
    "yyyyyyy",  // string
    "nnyyyyn",  // binary: addresses of 4 or 16 bytes
    "nnnnyyy",  // method
};

constexpr std::size_t index_of(Type type) { return static_cast<std::size_t>(type) - 2; }
bool table_allows(Type from, Type to) { return kCasts[index_of(from)][index_of(to)] == 'y'; }

/// COMPAT: a number ends where its digits end: "3x" is 3, "x" is 0; only empty text is no number.
std::optional<std::int64_t> parse_whole(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  return value;
}

bool text_to_address(Sample& sample, Type to) {
  char text[INET6_ADDRSTRLEN];
  const std::string_view from = sample.text();
  if (from.empty() || from.size() >= sizeof text || from.contains('\0')) return false;  // what inet_pton does not see
  std::memcpy(text, from.data(), from.size());
  text[from.size()] = '\0';
  in_addr four;
  in6_addr six;
  if (to != Type::ipv6 && inet_pton(AF_INET, text, &four) == 1) {
    sample = Sample::ipv4(ntohl(four.s_addr));
    return true;
  }
  if (to == Type::ipv4) return false;
  if (inet_pton(AF_INET6, text, &six) == 1) {
    sample = Sample::ipv6(six);
    return true;
  }
  if (inet_pton(AF_INET, text, &four) != 1) return false;
  sample = Sample::ipv6(mapped_ipv6(ntohl(four.s_addr)));
  return true;
}

bool bytes_to_address(Sample& sample, Type to) {
  const std::string_view from = sample.text();
  if (from.size() == 4) {
    std::uint32_t network = 0;
    std::memcpy(&network, from.data(), sizeof network);
    sample = to == Type::ipv6 ? Sample::ipv6(mapped_ipv6(ntohl(network))) : Sample::ipv4(ntohl(network));
    return true;
  }
  if (from.size() != 16) return false;
  in6_addr six;
  std::memcpy(&six, from.data(), sizeof six);
  sample = Sample::ipv6(six);
  return true;  // change_type() narrows it when an IPv4 address is wanted
}

bool to_address(Sample& sample, Type to) {
  switch (sample.type()) {
    case Type::integer: sample = Sample::ipv4(static_cast<std::uint32_t>(sample.as_integer())); return true;
    case Type::string: return text_to_address(sample, to);
    case Type::binary: return bytes_to_address(sample, to);
    case Type::ipv4: sample = Sample::ipv6(mapped_ipv6(sample.as_ipv4())); return true;
    case Type::ipv6: {
      const auto four = embedded_ipv4(sample.as_ipv6());
      if (four) sample = Sample::ipv4(*four);
      return four.has_value();
    }
    default: return false;
  }
}

bool to_number(Sample& sample, Type to) {
  std::int64_t value = 0;
  switch (sample.type()) {
    case Type::boolean:
    case Type::integer: value = sample.as_integer(); break;
    case Type::ipv4: value = sample.as_ipv4(); break;
    case Type::string: {
      const auto parsed = parse_whole(sample.text());
      if (!parsed) return false;
      value = *parsed;
      break;
    }
    default: return false;
  }
  sample = to == Type::boolean ? Sample::boolean(value != 0) : Sample::integer(value);
  return true;
}

bool to_binary(Sample& sample, Arena& arena) {
  char bytes[16];
  std::size_t size = 0;
  if (sample.type() == Type::ipv6) {
    const in6_addr six = sample.as_ipv6();
    std::memcpy(bytes, &six, size = sizeof six);
  } else if (sample.type() == Type::ipv4) {
    const std::uint32_t network = htonl(sample.as_ipv4());
    std::memcpy(bytes, &network, size = sizeof network);
  } else {
    auto value = static_cast<std::uint64_t>(sample.as_integer());
    for (size = 8; size > 0; value >>= 8) bytes[--size] = static_cast<char>(value & 0xff);
    size = 8;
  }
  const auto copy = arena.copy({bytes, size});
  if (!copy) return false;
  sample = Sample::binary(*copy);
  return true;
}

bool change_type(Sample& sample, Type to, Arena& arena) {
  if (to == Type::boolean || to == Type::integer) return to_number(sample, to);
  if (to == Type::address || to == Type::ipv4 || to == Type::ipv6) {
    if (!to_address(sample, to)) return false;
    return to == Type::address || sample.type() == to || to_address(sample, to);
  }
  if (to == Type::binary && !sample.is_text()) return to_binary(sample, arena);
  const auto text = to_text(sample, arena);
  if (!text) return false;
  sample =
      to == Type::string ? Sample::string(*text) : (to == Type::method ? Sample::method(*text) : Sample::binary(*text));
  return true;
}

}  // namespace

std::optional<Sample> parse_address(std::string_view text) {
  Sample sample = Sample::string(text);
  return text_to_address(sample, Type::address) ? std::optional(sample) : std::nullopt;
}

std::string_view type_name(Type type) {
  constexpr std::string_view kNames[kTypeCount] = {"any",  "ip",     "boolean", "integer", "ipv4",
                                                   "ipv6", "string", "binary",  "method"};
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<std::uint32_t> embedded_ipv4(const in6_addr& address) {
  const unsigned char* bytes = address.s6_addr;
  const auto word = [bytes](std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(bytes[at + 2]) << 8 | static_cast<std::uint32_t>(bytes[at + 3]);
  };
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return word(2);
  for (std::size_t i = 0; i < 10; ++i) {
    if (bytes[i] != 0) return std::nullopt;
  }
  const bool mapped = bytes[10] == 0xff && bytes[11] == 0xff;
  const bool compatible = bytes[10] == 0 && bytes[11] == 0;
  if (!mapped && !compatible) return std::nullopt;
  return word(12);
}

in6_addr mapped_ipv6(std::uint32_t host_order) {
  in6_addr address{};
  address.s6_addr[10] = 0xff;
  address.s6_addr[11] = 0xff;
  const std::uint32_t network = htonl(host_order);
  std::memcpy(&address.s6_addr[12], &network, sizeof network);
  return address;
}

Sample Sample::address(const SocketAddress& address) {
  if (address.family() == AddressFamily::ipv4) return ipv4(address.ipv4_host_order());
  if (address.family() == AddressFamily::ipv6) return ipv6(address.ipv6_address());
  return {};
}

bool can_cast(Type from, Type to) {
  if (from == Type::any || to == Type::any || from == to) return true;
  if (from == Type::address) return to == Type::ipv4 || can_cast(Type::ipv4, to) || can_cast(Type::ipv6, to);
  if (to == Type::address) return table_allows(from, Type::ipv4) || table_allows(from, Type::ipv6);
  return table_allows(from, to);
}

bool convert(Sample& sample, Type to, Arena& arena) {
  if (!can_cast(sample.type(), to) || sample.type() == Type::any) return false;
  const bool may_change = sample.may_change();
  const bool done = change_type(sample, to, arena);
  sample.set_may_change(may_change);
  return done;
}

std::optional<std::string_view> to_text(const Sample& sample, Arena& arena) {
  char text[INET6_ADDRSTRLEN];
  switch (sample.type()) {
    case Type::string:
    case Type::binary:
    case Type::method: return sample.text();
    case Type::boolean: return sample.as_boolean() ? "1" : "0";
    case Type::integer: {
      const auto [end, error] = std::to_chars(text, text + sizeof text, sample.as_integer());
      return arena.copy({text, static_cast<std::size_t>(end - text)});
    }
    case Type::ipv4: {
      const in_addr four{htonl(sample.as_ipv4())};
      inet_ntop(AF_INET, &four, text, sizeof text);
      return arena.copy(text);
    }
    case Type::ipv6: {
      const in6_addr six = sample.as_ipv6();
      inet_ntop(AF_INET6, &six, text, sizeof text);
      return arena.copy(text);
    }
    default: return std::nullopt;
  }
}

// COMPAT: observed on 2.6.
std::string_view short_type_name(Type type) {
  switch (type) {
    case Type::boolean: return "bool";
    case Type::integer: return "sint";
    case Type::string: return "str";
    case Type::binary: return "bin";
    case Type::method: return "meth";
    default: return type_name(type);
  }
}

}  // namespace weir::sample
