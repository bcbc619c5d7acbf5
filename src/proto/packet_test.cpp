#include "proto/packet.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto::packet {
namespace {

using namespace std::string_literals;

const std::string kTcp =
    "\x9c\x40\x01\xbb\x00\x00\x00\x2a\0\0\0\0\xa0\x02\xfa\xf0\0\0\0\0"
    "\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x07\0\0\0\0\x01\x03\x03\x07"s;
const std::string kIpv4 = "\x45\x10\x00\x3c\x12\x34\x40\x00\x3f\x06\0\0\xc0\x00\x02\x07\x0a\0\0\x01"s;
const std::string kIpv6 = "\x6a\xb0\0\0\0\x28\x00\x40"s + std::string(15, '\x01') + "\x07" + std::string(15, '\x02') +
                          "\x09" + "\x06\x00\x01\x04\0\0\0\0"s;

TEST(Packet, Ethernet) {
  const std::string macs = "\x01\x02\x03\x04\x05\x06\x0a\x0b\x0c\x0d\x0e\x0f";
  const std::string plain_bytes = macs + "\x08\x00"s + "data";
  const auto plain = parse_ethernet(plain_bytes);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->protocol, 0x800);
  EXPECT_EQ(plain->data, "data");
  EXPECT_FALSE(plain->vlan);
  const std::string tagged_bytes = macs + "\x88\xa8\x00\x05\x81\x00\x20\x07\x86\xdd"s + "data";
  const auto tagged = parse_ethernet(tagged_bytes);
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->protocol, 0x86dd);
  EXPECT_EQ(tagged->vlan, 7);
  EXPECT_EQ(tagged->header.size(), 22U);
  EXPECT_FALSE(parse_ethernet(macs + "\x81\x00\x00"s));
}

TEST(Packet, Ip) {
  const std::string four_bytes = kIpv4 + kTcp;
  const auto four = parse_ip(four_bytes);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->version, 4);
  EXPECT_EQ(four->tos, 0x10);
  EXPECT_EQ(four->ttl, 63);
  EXPECT_EQ(four->protocol, 6);
  EXPECT_TRUE(four->dont_fragment);
  EXPECT_FALSE(four->has_options);
  EXPECT_EQ(four->source, "\xc0\x00\x02\x07"s);
  EXPECT_EQ(four->data, kTcp);
  const std::string six_bytes = kIpv6 + kTcp;
  const auto six = parse_ip(six_bytes);
  ASSERT_TRUE(six);
  EXPECT_EQ(six->version, 6);
  EXPECT_EQ(six->tos, 0xab);
  EXPECT_EQ(six->protocol, 6);
  EXPECT_TRUE(six->has_options) << "the hop-by-hop header";
  EXPECT_EQ(six->header.size(), 48U);
  EXPECT_EQ(six->destination.back(), '\x09');
  EXPECT_EQ(six->data, kTcp);
}

TEST(Packet, Tcp) {
  const std::string bytes = kTcp + "x";
  const auto tcp = parse_tcp(bytes);
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->source, 40000);
  EXPECT_EQ(tcp->destination, 443);
  EXPECT_EQ(tcp->sequence, 42U);
  EXPECT_EQ(tcp->flags, 2);
  EXPECT_EQ(tcp->window, 64240);
  EXPECT_EQ(tcp->data, "x");
  EXPECT_EQ(number_of(*find_option(tcp->options, tcp_option::mss)), 1460U);
  EXPECT_EQ(find_option(tcp->options, tcp_option::sack_permitted), "");
  EXPECT_EQ(number_of(*find_option(tcp->options, tcp_option::window_scale)), 7U);
  EXPECT_FALSE(find_option(tcp->options, 9));
}

TEST(Packet, CutAndBrokenOnes) {
  for (const std::string& whole : {kIpv4, kIpv6}) {
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_ip(whole.substr(0, size))) << size;
  }
  for (std::size_t size = 0; size < kTcp.size(); ++size) EXPECT_FALSE(parse_tcp(kTcp.substr(0, size))) << size;
  EXPECT_FALSE(parse_ip("\x44"s + kIpv4.substr(1)));
  EXPECT_FALSE(parse_ip("\x55"s + kIpv4.substr(1)));
  std::size_t position = 0;
  EXPECT_FALSE(next_option("\x02\x01\x00"s, position));
  EXPECT_FALSE(next_option("\x02\x04\x00"s, position));
  EXPECT_FALSE(next_option("\x02"s, position));
  EXPECT_FALSE(next_option("\x00\x02\x04\x00\x00"s, position));
}

}  // namespace
}  // namespace weir::proto::packet
