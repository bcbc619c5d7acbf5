#include "base/address.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Row {
  const char* text;
  const char* address;  // to_string(), or the host to resolve
  int port;
  int last_port;
};

TEST(Address, ReadsWhatTheManualLists) {
  const Row rows[] = {
      {"127.0.0.1:80", "127.0.0.1:80", 80, 80},
      {":80", "0.0.0.0:80", 80, 80},
      {"*:8000-8010", "0.0.0.0:8000", 8000, 8010},
      {"[::1]:80", "[::1]:80", 80, 80},
      {"::1:80", "[::1]:80", 80, 80},
      {"ipv6@:443", "[::]:443", 443, 443},
      {"ipv4@10.0.0.1:3389", "10.0.0.1:3389", 3389, 3389},
      {"/run/x.sock", "/run/x.sock", 0, 0},
      {"unix@x.sock", "x.sock", 0, 0},
      {"abns@farm", "abns@farm", 0, 0},
      {"fd@3", "fd@3", 0, 0},
  };
  for (const Row& row : rows) {
    const auto spec = parse_address(row.text);
    ASSERT_TRUE(spec) << row.text;
    EXPECT_EQ(spec->address.to_string(), row.address) << row.text;
    EXPECT_EQ(spec->address.port(), row.port) << row.text;
    if (row.port != 0) EXPECT_EQ(spec->last_port, row.last_port) << row.text;
  }
}

TEST(Address, KeepsHostNamesAndOffsets) {
  const auto host = parse_address("ipv4@srv-01.example.com:+100");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->host, "srv-01.example.com");
  EXPECT_EQ(host->forced_family, AddressFamily::ipv4);
  EXPECT_TRUE(host->port_is_offset);
  EXPECT_EQ(host->port_offset, 100);
}

TEST(Address, RefusesWithAReason) {
  for (const char* text :
       {"[::1", "10.0.0.1:99999", "10.0.0.1:x", "fd@x", "unix@", "abns@", "1.2.3.4:90-80", "a b:80", "quic4@:443"}) {
    const auto spec = parse_address(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_FALSE(spec.error().message.empty()) << text;
  }
  EXPECT_FALSE(parse_address(std::string(200, '/')));
}

TEST(Address, SurvivesTheKernelsForm) {
  for (const char* text : {"127.0.0.1:80", "[fe80::1]:443", "/tmp/x", "abns@name"}) {
    const SocketAddress address = parse_address(text)->address;
    sockaddr_storage storage{};
    const socklen_t length = address.to_sockaddr(storage);
    EXPECT_EQ(SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), length), address) << text;
  }
}

}  // namespace
}  // namespace weir
