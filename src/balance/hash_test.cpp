#include "balance/hash.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

#include "balance/picker.h"

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
    EXPECT_EQ(hash_source(Options{}, SocketAddress::ipv4(row.client, 1)) % 7, row.server) << std::hex << row.client;
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
    EXPECT_EQ(hash_source(Options{}, SocketAddress::ipv6(address, 1)) % 7, row.server) << row.client;
  }
}

TEST(Hash, RdpCookiePicksTheSameServerAsObserved) {
  struct {
    std::string_view cookie;
    std::uint32_t server;
  } constexpr kSeen[] = {{"alice", 4}, {"bob", 5},   {"a", 6},    {"Z", 6},       {"administrator", 1},
                         {"user1", 0}, {"user2", 1}, {"x123", 4}, {"dom\\joe", 2}};
  for (const auto& row : kSeen) EXPECT_EQ(hash_key(Options{}, row.cookie) % 7, row.server) << row.cookie;
}

// Seen on Debian's haproxy 2.6: the converters of the same names, without and with their avalanche.
TEST(Hash, FunctionsGiveTheObservedValues) {
  struct {
    std::string_view key;
    std::uint32_t djb2, djb2_mixed, sdbm, sdbm_mixed, crc32, crc32_mixed;
  } constexpr kSeen[] = {
      {"", 5381, 3719394183, 0, 2874071335, 0, 2874071335},
      {"a", 177670, 3548763807, 97, 1830748055, 3904355907, 1288200982},
      {"abc", 193485963, 2235766107, 807794786, 659243622, 891568578, 930845320},
      {"abcd", 2090069583, 1062536028, 3518636162, 2236161834, 3984772369, 3551951197},
      {"123456789", 902675330, 2717138294, 1755344949, 3400502718, 3421780262, 1130417534},
      {"aaaa", 2090068425, 36182942, 3510243456, 3230380618, 2912478533, 717138700},
  };
  for (const auto& row : kSeen) {
    const auto hash = [&](HashFunction function, bool mixed) {
      return hash_key(Options{.function = function, .avalanche = mixed}, row.key);
    };
    EXPECT_EQ(hash(HashFunction::djb2, false), row.djb2) << row.key;
    EXPECT_EQ(hash(HashFunction::djb2, true), row.djb2_mixed) << row.key;
    EXPECT_EQ(hash(HashFunction::sdbm, false), row.sdbm) << row.key;
    EXPECT_EQ(hash(HashFunction::sdbm, true), row.sdbm_mixed) << row.key;
    EXPECT_EQ(hash(HashFunction::crc32, false), row.crc32) << row.key;
    EXPECT_EQ(hash(HashFunction::crc32, true), row.crc32_mixed) << row.key;
  }
}

// Manual, hash-type: a ring mixes when no function was named, a map only when told.
TEST(Hash, ARingMixesUnlessAFunctionWasNamed) {
  EXPECT_EQ(hash_key(Options{.consistent = true}, "a"), 1830748055U);
  EXPECT_EQ(hash_key(Options{.consistent = true, .function = HashFunction::sdbm}, "a"), 97U);
  EXPECT_EQ(hash_key(Options{}, "a"), 97U);
}

TEST(Hash, NoneTakesTheKeyForANumber) {
  const Options none{.function = HashFunction::none};
  EXPECT_EQ(hash_key(none, "1234"), 1234U);
  EXPECT_EQ(hash_key(none, "12ab"), 12U);
  EXPECT_EQ(hash_key(none, "-1"), 0xffffffffU);
  EXPECT_EQ(hash_key(none, "word"), 0U);
}

TEST(Hash, NodeKeysOfAddressesLookAtNothingElse) {
  const auto a = SocketAddress::ipv4(0x7f000001, 80);
  const auto b = SocketAddress::ipv4(0x7f000001, 81);
  EXPECT_EQ(node_key(NodeKey::address, 1, a), node_key(NodeKey::address, 2, b));
  EXPECT_NE(node_key(NodeKey::address_port, 1, a), node_key(NodeKey::address_port, 1, b));
  EXPECT_EQ(node_key(NodeKey::id32, 7, a), 7U);
  EXPECT_EQ(node_key(NodeKey::guid, 1, a, "desks"), node_key(NodeKey::guid, 2, b, "desks"));
  EXPECT_NE(node_key(NodeKey::guid, 1, a, "desks"), node_key(NodeKey::guid, 1, a, "desk"));
  EXPECT_EQ(node_key(NodeKey::guid, 3, a), node_key(NodeKey::id, 3, a));
  EXPECT_EQ(node_key(NodeKey::address, 3, SocketAddress{}), node_key(NodeKey::id, 3, a));
}

}  // namespace
}  // namespace weir::balance
