#include "base/network.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

SocketAddress address(std::string_view text) { return parse_address(text)->address; }

TEST(IpNetwork, Contains) {
  struct Row {
    std::string_view network, address;
    bool inside;
  };
  constexpr Row kRows[] = {
      {"10.0.0.0/8", "10.255.0.1:1", true},
      {"10.0.0.0/8", "11.0.0.1:1", false},
      {"192.0.2.1", "192.0.2.1:1", true},
      {"192.0.2.1", "192.0.2.2:1", false},
      {"192.0.2.0/255.255.255.128", "192.0.2.127:1", true},
      {"192.0.2.0/25", "192.0.2.128:1", false},
      {"2001:db8::/33", "[2001:db8:7fff::1]:1", true},
      {"2001:db8::/33", "[2001:db8:8000::1]:1", false},
      {"0.0.0.0/0", "9.9.9.9:1", true},
      {"0.0.0.0/0", "[2001:db8::1]:1", false},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(IpNetwork::parse(row.network)->contains(address(row.address)), row.inside)
        << row.network << " " << row.address;
}

TEST(IpNetwork, Refuses) {
  for (const std::string_view text :
       {"", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/255.0.255.0", "10.0.0/8"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

}  // namespace
}  // namespace weir
