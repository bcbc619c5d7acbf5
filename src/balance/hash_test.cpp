#include "balance/hash.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::balance {
namespace {

// Seen on Debian's haproxy 2.6: seven servers of weight 1, `balance source` and `balance rdp-cookie(mstshash)`.
TEST(Hash, SourceIpv4PicksTheSameServerAsObserved) {
  struct {
    std::uint32_t client;
    std::uint32_t server;
  } constexpr kSeen[] = {{0x7f000001, 2}, {0x7f000002, 3}, {0x7f000100, 5}, {0x7f0000ff, 4}, {0x7f010203, 0},
                         {0x7f090807, 2}, {0x7fc86432, 4}, {0x7f212c37, 4}, {0x7f010000, 3}, {0x7f4d0009, 3}};
  for (const auto& row : kSeen)
    EXPECT_EQ(hash_source(SocketAddress::ipv4(row.client, 1)) % 7, row.server) << std::hex << row.client;
}

TEST(Hash, SourceIpv6PicksTheSameServerAsObserved) {
  struct {
    std::string_view client;
    std::uint32_t server;
  } constexpr kSeen[] = {{"::1", 1},
                         {"2001:db8::1", 5},
                         {"2001:db8::2", 6},
                         {"fe80::1234:5678:9abc:def0", 2},
                         {"2001:db8:1:2:3:4:5:6", 0},
                         {"::ffff:10.1.2.3", 2},
                         {"2a00:1450:4001:81b::200e", 4},
                         {"fd00::1", 2},
                         {"ff00::", 3},
                         {"1:2:3:4:5:6:7:8", 1},
                         {"8000::8000:0", 0},
                         {"::8000:0:0:0", 2}};
  for (const auto& row : kSeen) {
    in6_addr address{};
    ASSERT_EQ(inet_pton(AF_INET6, std::string(row.client).c_str(), &address), 1);
    EXPECT_EQ(hash_source(SocketAddress::ipv6(address, 1)) % 7, row.server) << row.client;
  }
}

TEST(Hash, RdpCookiePicksTheSameServerAsObserved) {
  struct {
    std::string_view cookie;
    std::uint32_t server;
  } constexpr kSeen[] = {{"alice", 4}, {"bob", 5},   {"a", 6},    {"Z", 6},       {"administrator", 1},
                         {"user1", 0}, {"user2", 1}, {"x123", 4}, {"dom\\joe", 2}};
  for (const auto& row : kSeen) EXPECT_EQ(hash_key(row.cookie) % 7, row.server) << row.cookie;
}

}  // namespace
}  // namespace weir::balance
