#include "resolve/start.h"

#include <gtest/gtest.h>

namespace weir::resolve {
namespace {

AddressSpec spec(std::string_view text) { return parse_address(text).value(); }

TEST(InitAddr, Parses) {
  const auto parsed = parse_init_addr("last,libc,none,192.0.2.1,::1");
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->methods.size(), 5U);
  EXPECT_EQ(parsed->methods[2].kind, Method::Kind::none);
  EXPECT_EQ(parsed->methods[3].address.to_string(), "192.0.2.1:0");
  EXPECT_EQ(parsed->methods[4].address.host(), "::1");
  EXPECT_EQ(parse_init_addr("last,libc").value(), InitAddr());
}

TEST(InitAddr, NamesTheBadWord) {
  for (const char* text : {"", "libc,", "lib", "host.example", "192.0.2.1:80", "/run/x.sock"}) {
    const auto parsed = parse_init_addr(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("is no way to find an address"), std::string::npos);
  }
}

TEST(Resolve, LeavesAddressesAlone) {
  EXPECT_EQ(resolve(spec("127.0.0.1:80"), {}).value().to_string(), "127.0.0.1:80");
}

TEST(Resolve, AsksTheCLibrary) {
  EXPECT_EQ(resolve(spec("localhost:81"), {}).value().to_string(), "127.0.0.1:81");
  EXPECT_EQ(resolve(spec("ipv4@localhost:81"), {}).value().family(), AddressFamily::ipv4);
}

TEST(Resolve, SaysWhatCouldNotBeResolved) {
  // Two dots in a row are no name: refused without asking anyone.
  const auto found = resolve(spec("no..such..host:80"), {});
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().message.starts_with("could not resolve address 'no..such..host': "))
      << found.error().message;
}

TEST(Resolve, TriesTheMethodsInTurn) {
  const auto with = [](std::string_view how) {
    return resolve(spec("no..such..host:80"), parse_init_addr(how).value());
  };
  EXPECT_EQ(with("libc,192.0.2.7").value().to_string(), "192.0.2.7:80");
  EXPECT_EQ(with("libc,none").value().family(), AddressFamily::none);
  EXPECT_EQ(with("last").error().message,
            "could not resolve address 'no..such..host': no method of init-addr gave one");
}

TEST(Resolve, TakesTheLastKnownAddressOfTheRightFamily) {
  SocketAddress known = SocketAddress::ipv4(0xC0000209, 0);
  const LastKnown last{.object = &known, .find = [](void* object) -> std::optional<SocketAddress> {
                         return *static_cast<SocketAddress*>(object);
                       }};
  EXPECT_EQ(resolve(spec("no..such..host:80"), {}, last).value().to_string(), "192.0.2.9:80");
  EXPECT_FALSE(resolve(spec("ipv6@no..such..host:80"), {}, last));
}

}  // namespace
}  // namespace weir::resolve
