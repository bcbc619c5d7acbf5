#include "balance/hash.h"

#include <gtest/gtest.h>

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
