#include "proto/netscaler_cip.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proto {
namespace {

using namespace std::string_literals;

const std::string kMagic = "\x12\x34\x56\x78"s;
const std::string kTcp = "\x04\x57\x08\xae"s + std::string(8, '\0') + "\x50\x10"s + std::string(6, '\0');
const std::string kTcpWithOptions = "\x04\x57\x08\xae"s + std::string(8, '\0') + "\x60\x10"s + std::string(10, '\0');
const std::string kIpv4 = "\x45\0\0\x28\0\0\0\0\x40\x06\0\0"s + "\x09\x08\x07\x06\x05\x04\x03\x02"s;
const std::string kIpv4WithOptions = "\x46\0\0\x2c\0\0\0\0\x40\x06\0\0"s + "\x09\x08\x07\x06\x05\x04\x03\x02\1\1\1\1"s;
const std::string kIpv6 = "\x60\0\0\0\0\x14\x06\x40"s + "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s +
                          "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x02"s;

std::string older(const std::string& headers) {
  return kMagic + "\0\0\0"s + static_cast<char>(headers.size()) + headers;
}
std::string newer(const std::string& headers) {
  return kMagic + "\0\0\0"s + static_cast<char>(headers.size() + 12) + "\0\1\0"s + static_cast<char>(headers.size()) +
         headers;
}

TEST(NetscalerCip, Forms) {
  const struct {
    std::string bytes;
    CipOutcome outcome;
    std::string source;
    std::string destination;
  } cases[] = {
      {older(kIpv4 + kTcp), CipOutcome::complete, "9.8.7.6:1111", "5.4.3.2:2222"},
      {older(kIpv4WithOptions + kTcpWithOptions), CipOutcome::complete, "9.8.7.6:1111", "5.4.3.2:2222"},
      {older(kIpv6 + kTcp), CipOutcome::complete, "[2001:db8::1]:1111", "[2001:db8::2]:2222"},
      {newer(kIpv4 + kTcp), CipOutcome::complete, "9.8.7.6:1111", "5.4.3.2:2222"},
      {newer(kIpv6 + kTcpWithOptions), CipOutcome::complete, "[2001:db8::1]:1111", "[2001:db8::2]:2222"},
      {newer(kIpv4 + kTcp + "padding"), CipOutcome::complete, "9.8.7.6:1111", "5.4.3.2:2222"},
      {"\x12\x34\x56\x79"s + older(kIpv4 + kTcp).substr(4), CipOutcome::bad_magic, "", ""},
      {"GET / HTTP/1.0\r\n\r\n", CipOutcome::bad_magic, "", ""},
      {older(kIpv4), CipOutcome::bad_protocol, "", ""},
      {older("\x55"s + kIpv4.substr(1) + kTcp), CipOutcome::bad_protocol, "", ""},
      {older(kIpv4.substr(0, 9) + "\x11"s + kIpv4.substr(10) + kTcp), CipOutcome::bad_protocol, "", ""},
      {older("\x44"s + kIpv4.substr(1) + kTcp), CipOutcome::bad_protocol, "", ""},
      {newer(""), CipOutcome::bad_protocol, "", ""},
      {kMagic + "\0\0\xff\xff"s + kIpv4, CipOutcome::too_long, "", ""},
      {kMagic + "\xff\xff\xff\xff"s + kIpv4, CipOutcome::too_long, "", ""},
  };
  for (const auto& one : cases) {
    const CipParse parsed = parse_netscaler_cip(one.bytes + "hello", 0x12345678, 16384);
    EXPECT_EQ(parsed.outcome, one.outcome) << one.bytes;
    if (one.outcome != CipOutcome::complete) continue;
    EXPECT_EQ(parsed.size, one.bytes.size());
    EXPECT_EQ(parsed.source.to_string(), one.source);
    EXPECT_EQ(parsed.destination.to_string(), one.destination);
    for (std::size_t cut = 0; cut < one.bytes.size(); cut++)
      EXPECT_EQ(parse_netscaler_cip(std::string_view(one.bytes).substr(0, cut), 0x12345678, 16384).outcome,
                CipOutcome::need_more);
  }
}

}  // namespace
}  // namespace weir::proto
