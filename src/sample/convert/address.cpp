// Converters of addresses. Manual 7.3.1.
#include "sample/tables.h"

namespace weir::sample {
namespace {

// COMPAT: without a second mask an IPv6 address is masked as the IPv4 address it carries, or has no result.
bool ipmask(const Args& args, Context&, Sample& sample) {
  if (sample.type() == Type::ipv4) {
    sample = Sample::ipv4(sample.as_ipv4() & static_cast<std::uint32_t>(args[0].integer));
    return true;
  }
  if (!args.has(1)) {
    const auto four = embedded_ipv4(sample.as_ipv6());
    if (four) sample = Sample::ipv4(*four & static_cast<std::uint32_t>(args[0].integer));
    return four.has_value();
  }
  in6_addr address = sample.as_ipv6();
  for (std::size_t i = 0; i < sizeof address.s6_addr; ++i) {
    address.s6_addr[i] = static_cast<unsigned char>(address.s6_addr[i] & args[1].ipv6.s6_addr[i]);
  }
  sample = Sample::ipv6(address);
  return true;
}

constexpr Converter kRows[] = {
    {.name = "ipmask",
     .args = args(1, {ArgKind::mask4, ArgKind::mask6}),
     .in = Type::address,
     .out = Type::address,
     .apply = ipmask,
     .doc = "The network of an address: a mask for IPv4, and one for IPv6 if that may come.",
     .examples = {{{"ipv4(192.0.2.77),ipmask(24)", "192.0.2.0"},
                   {"ipv4(192.0.2.77),ipmask(255.255.0.0)", "192.0.0.0"},
                   {"ipv6(2001:db8:1:2::3),ipmask(24,32)", "2001:db8::"},
                   {"ipv6(2001:db8::1),ipmask(24)", "", true},
                   {"ipv6(::ffff:1.2.3.4),ipmask(24)", "1.2.3.0"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Converter> address_converters{kRows};
}  // namespace weir::sample
