#include "base/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/units.h"

namespace weir {

const std::string& RareText::none() {
  static const std::string kNone;
  return kNone;
}

SocketAddress SocketAddress::ipv4(std::uint32_t host_order, std::uint16_t port) {
  SocketAddress a;
  a.family_ = AddressFamily::ipv4;
  a.port_ = port;
  const std::uint32_t network = htonl(host_order);
  std::memcpy(a.bytes_, &network, sizeof network);
  return a;
}

SocketAddress SocketAddress::ipv6(const in6_addr& address, std::uint16_t port) {
  SocketAddress a;
  a.family_ = AddressFamily::ipv6;
  a.port_ = port;
  std::memcpy(a.bytes_, &address, sizeof address);
  return a;
}

SocketAddress SocketAddress::unix_path(std::string_view path) {
  SocketAddress a;
  a.family_ = AddressFamily::unix_path;
  a.path_ = RareText(path);
  return a;
}

SocketAddress SocketAddress::abstract(std::string_view name) {
  SocketAddress a;
  a.family_ = AddressFamily::abstract;
  a.path_ = RareText(name);
  return a;
}

SocketAddress SocketAddress::inherited_fd(int fd) {
  SocketAddress a;
  a.family_ = AddressFamily::fd;
  std::memcpy(a.bytes_, &fd, sizeof fd);
  return a;
}

SocketAddress SocketAddress::from_sockaddr(const sockaddr* address, socklen_t length) {
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return ipv4(ntohl(in.sin_addr.s_addr), ntohs(in.sin_port));
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return ipv6(in.sin6_addr, ntohs(in.sin6_port));
  }
  if (address->sa_family == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(address);
    const std::size_t header = offsetof(sockaddr_un, sun_path);
    if (length <= header) return unix_path("");
    const std::size_t room = length - header;
    if (un->sun_path[0] == '\0') return abstract(std::string_view(un->sun_path + 1, room - 1));
    return unix_path(std::string_view(un->sun_path, strnlen(un->sun_path, room)));
  }
  return {};
}

std::uint32_t SocketAddress::ipv4_host_order() const {
  WEIR_ASSERT(family_ == AddressFamily::ipv4);
  std::uint32_t network = 0;
  std::memcpy(&network, bytes_, sizeof network);
  return ntohl(network);
}

in6_addr SocketAddress::ipv6_address() const {
  in6_addr address{};
  std::memcpy(&address, bytes_, sizeof address);
  return address;
}

int SocketAddress::fd() const {
  int fd = -1;
  if (family_ == AddressFamily::fd) std::memcpy(&fd, bytes_, sizeof fd);
  return fd;
}

bool SocketAddress::is_any() const {
  return is_inet() && std::all_of(std::begin(bytes_), std::end(bytes_), [](std::uint8_t b) { return b == 0; });
}

socklen_t SocketAddress::to_sockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  switch (family_) {
    case AddressFamily::ipv4: {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = htons(port_);
      std::memcpy(&in.sin_addr, bytes_, 4);
      std::memcpy(&out, &in, sizeof in);
      return sizeof in;
    }
    case AddressFamily::ipv6: {
      sockaddr_in6 in{};
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(port_);
      std::memcpy(&in.sin6_addr, bytes_, 16);
      std::memcpy(&out, &in, sizeof in);
      return sizeof in;
    }
    case AddressFamily::unix_path:
    case AddressFamily::abstract: {
      sockaddr_un un{};
      un.sun_family = AF_UNIX;
      const std::size_t skip = family_ == AddressFamily::abstract ? 1 : 0;
      const std::size_t length = std::min(path().size(), sizeof un.sun_path - 1 - skip);
      std::memcpy(un.sun_path + skip, path().data(), length);
      std::memcpy(&out, &un, sizeof un);
      return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + skip + length + (skip == 0 ? 1 : 0));
    }
    case AddressFamily::none:
    case AddressFamily::fd: return 0;
  }
  return 0;
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  switch (family_) {
    case AddressFamily::ipv4: return inet_ntop(AF_INET, bytes_, text, sizeof text);
    case AddressFamily::ipv6: return inet_ntop(AF_INET6, bytes_, text, sizeof text);
    case AddressFamily::unix_path: return path();
    case AddressFamily::abstract: return "abns@" + path();
    case AddressFamily::fd: return fmt::format("fd@{}", fd());
    case AddressFamily::none: return "";
  }
  return "";
}

std::string SocketAddress::to_string() const {
  if (family_ == AddressFamily::ipv4) return fmt::format("{}:{}", host(), port_);
  if (family_ == AddressFamily::ipv6) return fmt::format("[{}]:{}", host(), port_);
  return host();
}

namespace {

struct Prefix {
  std::string_view text;
  AddressFamily family;
  bool datagram;
};

// Manual 2.9.1 to 2.9.3. quic*, mptcp*, sockpair@, rhttp@ and udp on a bind line are refused by whoever cannot serve
// them.
constexpr Prefix kPrefixes[] = {
    {"ipv4@", AddressFamily::ipv4, false},      {"ipv6@", AddressFamily::ipv6, false},
    {"tcp4@", AddressFamily::ipv4, false},      {"tcp6@", AddressFamily::ipv6, false},
    {"tcp@", AddressFamily::none, false},       {"udp4@", AddressFamily::ipv4, true},
    {"udp6@", AddressFamily::ipv6, true},       {"udp@", AddressFamily::none, true},
    {"unix@", AddressFamily::unix_path, false}, {"uxst@", AddressFamily::unix_path, false},
    {"uxdg@", AddressFamily::unix_path, true},  {"abns@", AddressFamily::abstract, false},
    {"abnsz@", AddressFamily::abstract, false}, {"fd@", AddressFamily::fd, false},
};

Result<void> parse_ports(std::string_view text, AddressSpec& spec) {
  if (text.empty()) return {};
  spec.has_port = true;
  if (text[0] == '+' || text[0] == '-') {
    const auto offset = parse_integer(text.substr(1), 0, 65535);
    if (!offset) return fail(fmt::format("port offset '{}': {}", text, offset.error().message));
    spec.port_is_offset = true;
    spec.port_offset = static_cast<int>(text[0] == '-' ? -*offset : *offset);
    return {};
  }
  const std::size_t dash = text.find('-');
  const auto first = parse_integer(text.substr(0, dash), 0, 65535);
  if (!first) return fail(fmt::format("port '{}': {}", text.substr(0, dash), first.error().message));
  auto last = *first;
  if (dash != std::string_view::npos) {
    const auto end = parse_integer(text.substr(dash + 1), 0, 65535);
    if (!end) return fail(fmt::format("port '{}': {}", text.substr(dash + 1), end.error().message));
    last = *end;
    if (last < *first) return fail(fmt::format("port range '{}' ends before it starts", text));
  }
  spec.address.set_port(static_cast<std::uint16_t>(*first));
  spec.last_port = static_cast<std::uint16_t>(last);
  return {};
}

bool looks_like_ports(std::string_view text) {
  return text.find_first_not_of("0123456789+-") == std::string_view::npos;
}

// A name the resolver may be asked: letters, digits, '.', '-', '_'.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

}  // namespace

namespace {

struct Prefixed {
  AddressFamily family = AddressFamily::none;
  std::string_view rest;
};

// Takes "stream+", "dgram+" and the family prefix off.
Result<Prefixed> take_prefixes(std::string_view text, AddressSpec& spec) {
  Prefixed out{AddressFamily::none, text};
  if (out.rest.starts_with("stream+")) {
    out.rest.remove_prefix(7);
  } else if (out.rest.starts_with("dgram+")) {
    out.rest.remove_prefix(6);
    spec.datagram = true;
  }
  for (const std::string_view unsupported :
       {"quic4@", "quic6@", "quic+", "mptcp@", "mptcp4@", "mptcp6@", "sockpair@", "rhttp@"})
    if (out.rest.starts_with(unsupported))
      return fail(fmt::format("addresses of the form '{}' are not supported", unsupported));
  for (const Prefix& prefix : kPrefixes) {
    if (!out.rest.starts_with(prefix.text)) continue;
    out.rest.remove_prefix(prefix.text.size());
    out.family = prefix.family;
    spec.datagram = spec.datagram || prefix.datagram;
    return out;
  }
  if (out.rest.starts_with('/')) out.family = AddressFamily::unix_path;
  return out;
}

Result<SocketAddress> parse_local(AddressFamily family, std::string_view name) {
  if (family == AddressFamily::fd) {
    const auto fd = parse_integer(name, 0, 1 << 20);
    if (!fd) return fail(fmt::format("file descriptor: {}", fd.error().message));
    return SocketAddress::inherited_fd(static_cast<int>(*fd));
  }
  const bool path = family == AddressFamily::unix_path;
  if (name.empty()) return fail(path ? "a Unix socket needs a path" : "an abstract socket needs a name");
  const std::size_t most = path ? 107 : 106;
  if (name.size() > most)
    return fail(fmt::format("{} of {} characters is above the limit of {}",
                            path ? "Unix socket path" : "abstract socket name", name.size(), most));
  return path ? SocketAddress::unix_path(name) : SocketAddress::abstract(name);
}

struct HostAndPorts {
  std::string_view host;
  std::string_view ports;
  bool bracketed = false;
};

// The last colon separates the port: "::1:80" has port 80, "::1" alone would have port 1.
Result<HostAndPorts> split_ports(std::string_view rest, std::string_view text) {
  HostAndPorts out{rest, {}};
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return fail(fmt::format("'{}' misses its closing ']'", text));
    out = {rest.substr(1, close - 1), rest.substr(close + 1), true};
    if (!out.ports.empty() && out.ports[0] != ':')
      return fail(fmt::format("'{}': expected ':' and a port after ']'", text));
    if (!out.ports.empty()) out.ports.remove_prefix(1);
  } else if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    out.host = rest.substr(0, colon);
    out.ports = rest.substr(colon + 1);
    if (!looks_like_ports(out.ports)) return fail(fmt::format("'{}' has no valid port after its last ':'", text));
  }
  return out;
}

Result<void> parse_host(std::string_view host, AddressFamily family, std::string_view text, AddressSpec& spec) {
  in6_addr six{};
  in_addr four{};
  const std::string host_text(host);
  if (host.empty() || host == "*") {
    spec.address =
        family == AddressFamily::ipv6 ? SocketAddress::ipv6(in6addr_any, 0) : SocketAddress::ipv4(INADDR_ANY, 0);
  } else if (family != AddressFamily::ipv6 && inet_pton(AF_INET, host_text.c_str(), &four) == 1) {
    spec.address = SocketAddress::ipv4(ntohl(four.s_addr), 0);
  } else if (family != AddressFamily::ipv4 && inet_pton(AF_INET6, host_text.c_str(), &six) == 1) {
    spec.address = SocketAddress::ipv6(six, 0);
  } else if (is_host_name(host)) {
    spec.host = host_text;
  } else {
    return fail(fmt::format("'{}' is no address", text));
  }
  return {};
}

}  // namespace

Result<AddressSpec> parse_address(std::string_view text) {
  AddressSpec spec;
  const auto prefixed = take_prefixes(text, spec);
  if (!prefixed) return unexpected(prefixed.error());
  AddressFamily family = prefixed->family;
  if (family == AddressFamily::fd || family == AddressFamily::unix_path || family == AddressFamily::abstract) {
    auto local = parse_local(family, prefixed->rest);
    if (!local) return unexpected(local.error());
    spec.address = std::move(*local);
    return spec;
  }
  spec.forced_family = family;
  const auto split = split_ports(prefixed->rest, text);
  if (!split) return unexpected(split.error());
  if (split->bracketed && family == AddressFamily::none) family = AddressFamily::ipv6;
  if (auto ok = parse_host(split->host, family, text, spec); !ok) return unexpected(ok.error());
  if (auto ok = parse_ports(split->ports, spec); !ok) return unexpected(ok.error());
  return spec;
}

}  // namespace weir
