// Socket addresses as the configuration writes them. Manual 2.9 (address formats).
//
// A SocketAddress is a value: an IPv4 or IPv6 address with a port, a Unix path, an abstract name, or an inherited
// descriptor (fd@N). AddressRange is what a bind line or a server line may say: prefixes, a port range, a host name
// still to be resolved.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

/// A text that few of its owners have: as wide as a pointer, copied with its owner.
class RareText {
 public:
  RareText() = default;
  explicit RareText(std::string_view text) : text_(text.empty() ? nullptr : std::make_unique<std::string>(text)) {}
  RareText(const RareText& other) : RareText(std::string_view(other.get())) {}
  RareText(RareText&&) = default;
  RareText& operator=(const RareText& other) { return *this = RareText(other); }
  RareText& operator=(RareText&&) = default;
  ~RareText() = default;
  [[nodiscard]] const std::string& get() const { return text_ ? *text_ : none(); }
  friend bool operator==(const RareText& a, const RareText& b) { return a.text_ == b.text_ || a.get() == b.get(); }

 private:
  static const std::string& none();
  std::unique_ptr<std::string> text_;
};

enum class AddressFamily : std::uint8_t { none, ipv4, ipv6, unix_path, abstract, fd };

class SocketAddress {
 public:
  SocketAddress() = default;
  static SocketAddress ipv4(std::uint32_t host_order, std::uint16_t port);
  static SocketAddress ipv6(const in6_addr& address, std::uint16_t port);
  static SocketAddress unix_path(std::string_view path);
  static SocketAddress abstract(std::string_view name);
  static SocketAddress inherited_fd(int fd);
  /// From what accept(2) or getpeername(2) filled in. An unnamed Unix peer becomes an empty unix_path.
  static SocketAddress from_sockaddr(const sockaddr* address, socklen_t length);

  [[nodiscard]] AddressFamily family() const { return family_; }
  [[nodiscard]] bool is_inet() const { return family_ == AddressFamily::ipv4 || family_ == AddressFamily::ipv6; }
  [[nodiscard]] bool is_unix() const {
    return family_ == AddressFamily::unix_path || family_ == AddressFamily::abstract;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void set_port(std::uint16_t port) { port_ = port; }
  /// IPv4 address in host order; only for family ipv4.
  [[nodiscard]] std::uint32_t ipv4_host_order() const;
  [[nodiscard]] in6_addr ipv6_address() const;
  [[nodiscard]] const std::string& path() const { return path_.get(); }  // Unix path or abstract name
  [[nodiscard]] int fd() const;                                          // of family fd; -1: of any other
  [[nodiscard]] bool is_any() const;                                     // 0.0.0.0 or ::

  /// Fills `out`; returns its length for bind(2) and connect(2), 0 for family none and fd.
  socklen_t to_sockaddr(sockaddr_storage& out) const;

  /// The address without a port: "127.0.0.1", "::1", "/run/x.sock", "abns@name", "fd@3".
  [[nodiscard]] std::string host() const;
  /// "127.0.0.1:80", "[::1]:80", Unix ones as host().
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;

 private:
  AddressFamily family_ = AddressFamily::none;
  std::uint16_t port_ = 0;
  std::uint8_t bytes_[16] = {};  // network order; IPv4 in the first four, as the number of an inherited descriptor
  RareText path_;
};
static_assert(sizeof(SocketAddress) == 32, "every session has four");

/// One address word as written. `host` is empty when `address` already holds the answer; else it awaits resolution.
struct AddressSpec {
  SocketAddress address;        // port() is the first port, 0 when none was written
  std::uint16_t last_port = 0;  // of a range "8000-8010"; equals the first port otherwise
  bool has_port = false;
  int port_offset = 0;  // server lines: "+80" / "-80" keep the client's port and add this
  bool port_is_offset = false;
  bool datagram = false;                              // udp@, dgram+..., and log targets
  AddressFamily forced_family = AddressFamily::none;  // ipv4@ or ipv6@ before a host name
  std::string host;
  friend bool operator==(const AddressSpec&, const AddressSpec&) = default;
};

/// Reads "127.0.0.1:80", ":80", "*:80", "[::1]:80", "::1:80" (the last colon is the port's), "/path", "unix@/path",
/// "abns@name", "abnsz@name", "fd@3", "ipv4@host:80", "ipv6@...", "tcp4@", "tcp6@", "tcp@", "udp@", "udp4@", "udp6@",
/// "stream+", "dgram+", "host:1000-1010". A host name is not resolved. Environment variables are expanded before this.
Result<AddressSpec> parse_address(std::string_view text);

}  // namespace weir
