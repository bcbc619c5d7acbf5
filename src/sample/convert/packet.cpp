// What a connection's first packet says: Ethernet, IP and TCP headers. Manual 7.3.1: eth.*, ip.*, tcp.*; codec:
// proto/packet.h.
#include "proto/packet.h"

#include "sample/tables.h"

namespace weir::sample {
namespace {

namespace packet = proto::packet;
namespace tcp_option = proto::packet::tcp_option;

constexpr std::uint8_t kTcp = 6;

Sample number(std::uint64_t value) { return Sample::integer(static_cast<std::int64_t>(value)); }

/// A converter out of a parser and what is taken of its result; an absent sample (type any) is no value.
template <auto parse, auto take>
bool part(const Args&, Context&, Sample& sample) {
  const auto parsed = parse(sample.text());
  if (!parsed) return false;
  sample = take(*parsed);
  return sample.type() != Type::any;
}
template <auto take>
constexpr auto ethernet = part<packet::parse_ethernet, take>;
template <auto take>
constexpr auto ip = part<packet::parse_ip, take>;
template <auto take>
constexpr auto tcp = part<packet::parse_tcp, take>;

Sample address(std::string_view bytes) {
  if (bytes.size() == 4) return Sample::ipv4(static_cast<std::uint32_t>(packet::number_of(bytes)));
  in6_addr six;
  std::memcpy(&six, bytes.data(), sizeof six);
  return Sample::ipv6(six);
}

std::uint64_t option_number(const packet::Tcp& header, std::uint8_t kind) {
  const auto value = packet::find_option(header.options, kind);
  return value && value->size() <= 8 ? packet::number_of(*value) : 0;
}
bool has_option(const packet::Tcp& header, std::uint8_t kind) {
  return packet::find_option(header.options, kind).has_value();
}

Sample eth_data(const packet::Ethernet& frame) { return Sample::binary(frame.data); }
Sample eth_dst(const packet::Ethernet& frame) { return Sample::binary(frame.header.substr(0, 6)); }
Sample eth_hdr(const packet::Ethernet& frame) { return Sample::binary(frame.header); }
Sample eth_proto(const packet::Ethernet& frame) { return number(frame.protocol); }
Sample eth_src(const packet::Ethernet& frame) { return Sample::binary(frame.header.substr(6, 6)); }
Sample eth_vlan(const packet::Ethernet& frame) { return frame.vlan ? number(*frame.vlan) : Sample(); }

Sample ip_data(const packet::Ip& header) { return Sample::binary(header.data); }
Sample ip_df(const packet::Ip& header) { return number(header.dont_fragment ? 1 : 0); }
Sample ip_dst(const packet::Ip& header) { return address(header.destination); }
Sample ip_hdr(const packet::Ip& header) { return Sample::binary(header.header); }
Sample ip_proto(const packet::Ip& header) { return number(header.protocol); }
Sample ip_src(const packet::Ip& header) { return address(header.source); }
Sample ip_tos(const packet::Ip& header) { return number(header.tos); }
Sample ip_ttl(const packet::Ip& header) { return number(header.ttl); }
Sample ip_ver(const packet::Ip& header) { return number(header.version); }

Sample tcp_dst(const packet::Tcp& header) { return number(header.destination); }
Sample tcp_flags(const packet::Tcp& header) { return number(header.flags); }
Sample tcp_mss(const packet::Tcp& header) { return number(option_number(header, tcp_option::mss)); }
Sample tcp_sack(const packet::Tcp& header) { return number(has_option(header, tcp_option::sack_permitted) ? 1 : 0); }
Sample tcp_tsopt(const packet::Tcp& header) { return number(has_option(header, tcp_option::timestamps) ? 1 : 0); }
Sample tcp_tsval(const packet::Tcp& header) {
  const auto value = packet::find_option(header.options, tcp_option::timestamps);
  return value && value->size() == 8 ? number(packet::number_of(value->substr(0, 4))) : Sample();
}
Sample tcp_wscale(const packet::Tcp& header) { return number(option_number(header, tcp_option::window_scale)); }
Sample tcp_wsopt(const packet::Tcp& header) { return number(has_option(header, tcp_option::window_scale) ? 1 : 0); }
Sample tcp_seq(const packet::Tcp& header) { return number(header.sequence); }
Sample tcp_src(const packet::Tcp& header) { return number(header.source); }
Sample tcp_win(const packet::Tcp& header) { return number(header.window); }

/// The kinds of all options, in their order; at most 40, which is what a header has room for.
std::size_t option_kinds(const packet::Tcp& header, char* out) {
  std::size_t size = 0;
  std::size_t position = 0;
  while (const auto option = packet::next_option(header.options, position))
    out[size++] = static_cast<char>(option->kind);
  return size;
}
constexpr std::size_t kMostOptions = 40;

bool tcp_options_list(const Args&, Context& context, Sample& sample) {
  const auto header = packet::parse_tcp(sample.text());
  char* out = context.arena.take(kMostOptions);
  if (!header || out == nullptr) return false;
  sample = Sample::binary({out, option_kinds(*header, out)});
  return true;
}

/// Manual, ip.fp: one bit for each kind of option from 2 to 8, and one for all beyond.
unsigned kinds_as_bits(const packet::Tcp& header) {
  unsigned bits = 0;
  std::size_t position = 0;
  while (const auto option = packet::next_option(header.options, position)) {
    if (option->kind >= 9) bits |= 0x80;
    if (option->kind >= 2 && option->kind <= 8) bits |= 1U << (option->kind - 2U);
  }
  return bits;
}

/// The eight bytes of the manual's ip.fp.
std::array<char, 8> fingerprint(const packet::Ip& packet_ip, const packet::Tcp& header) {
  const unsigned distance = packet_ip.ttl <= 32 ? 0 : packet_ip.ttl <= 64 ? 1 : packet_ip.ttl <= 128 ? 2 : 3;
  unsigned traits = distance << 4U;
  if (packet_ip.version == 6) traits |= 0x80;
  if (packet_ip.dont_fragment) traits |= 0x40;
  if (packet_ip.has_options) traits |= 0x08;
  if (!header.data.empty()) traits |= 0x04;
  traits |= header.flags >> 6U;  // CWR and ECE
  const bool scales = has_option(header, tcp_option::window_scale);
  const std::uint64_t scale =
      scales ? std::min<std::uint64_t>(option_number(header, tcp_option::window_scale), 14) + 1 : 0;
  const std::uint64_t mss = option_number(header, tcp_option::mss);
  const auto byte = [](std::uint64_t value) { return static_cast<char>(value & 0xff); };
  return {byte(packet_ip.tos),
          byte(traits),
          byte(header.header_words * 16U + scale),
          byte(header.window >> 8U),
          byte(header.window),
          byte(mss >> 8U),
          byte(mss),
          byte(kinds_as_bits(header))};
}

bool ip_fp(const Args& args, Context& context, Sample& sample) {
  const auto packet_ip = packet::parse_ip(sample.text());
  if (!packet_ip || packet_ip->protocol != kTcp) return false;
  const auto header = packet::parse_tcp(packet_ip->data);
  char* out = context.arena.take(8 + 1 + kMostOptions + 16);
  if (!header || out == nullptr) return false;
  const auto mode = args.integer_or(0, 0);
  char* at = std::ranges::copy(fingerprint(*packet_ip, *header), out).out;
  if ((mode & 1) != 0) *at++ = static_cast<char>(packet_ip->ttl);
  if ((mode & 2) != 0) at += option_kinds(*header, at);
  if ((mode & 4) != 0) at = std::ranges::copy(packet_ip->source, at).out;
  sample = Sample::binary({out, at});
  return true;
}
Result<std::shared_ptr<const void>> check_mode(const Args& args) {
  if (args.integer_or(0, 0) < 0 || args.integer_or(0, 0) > 7) return fail("the mode is a sum of 1, 2 and 4");
  return std::shared_ptr<const void>();
}

#define ETHERNET "0102030405060a0b0c0d0e0f810020070800"
#define IP4 "4510003c123440003f060000c00002070a000001"
#define IP6 "6ab000000028004001010101010101010101010101010107020202020202020202020202020202090600010400000000"
#define TCP "9c4001bb0000002a00000000a002faf000000000020405b40402080a000000070000000001030307"

constexpr Converter kRows[] = {
    {.name = "eth.data",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ethernet<eth_data>,
     .doc = "What stands behind an Ethernet header and its VLANs.",
     .examples = {{{"bin(" ETHERNET IP4 TCP "),eth.data,ip.ttl", "63"}}}},
    {.name = "eth.dst",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ethernet<eth_dst>,
     .doc = "The destination of an Ethernet frame, six bytes.",
     .examples = {{{"bin(" ETHERNET "),eth.dst,hex", "010203040506"}}}},
    {.name = "eth.hdr",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ethernet<eth_hdr>,
     .doc = "The header of an Ethernet frame, VLANs included.",
     .examples = {{{"bin(" ETHERNET IP4 "),eth.hdr,length", "18"}}}},
    {.name = "eth.proto",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ethernet<eth_proto>,
     .doc = "The protocol that an Ethernet frame carries: 2048 for IPv4, 34525 for IPv6.",
     .examples = {{{"bin(" ETHERNET "),eth.proto", "2048"}}}},
    {.name = "eth.src",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ethernet<eth_src>,
     .doc = "The source of an Ethernet frame, six bytes.",
     .examples = {{{"bin(" ETHERNET "),eth.src,hex", "0A0B0C0D0E0F"}}}},
    {.name = "eth.vlan",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ethernet<eth_vlan>,
     .doc = "The last VLAN of an Ethernet frame.",
     .examples = {{{"bin(" ETHERNET "),eth.vlan", "7"}}}},
    {.name = "ip.data",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ip<ip_data>,
     .doc = "What stands behind an IP header, its options or extensions.",
     .examples = {{{"bin(" IP4 TCP "),ip.data,tcp.dst", "443"}}}},
    {.name = "ip.df",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ip<ip_df>,
     .doc = "1 when the packet may not be fragmented, as IPv6 never is.",
     .examples = {{{"bin(" IP4 TCP "),ip.df", "1"}}}},
    {.name = "ip.dst",
     .in = Type::binary,
     .out = Type::address,
     .apply = ip<ip_dst>,
     .doc = "The destination in an IP header.",
     .examples = {{{"bin(" IP4 TCP "),ip.dst", "10.0.0.1"}}}},
    {.name = "ip.fp",
     .args = args(0, {ArgKind::integer}),
     .in = Type::binary,
     .out = Type::binary,
     .apply = ip_fp,
     .prepare = check_mode,
     .doc = "Eight bytes that tell hosts behind one address apart, by their IP and TCP headers; 1 adds the TTL, 2 the "
            "kinds of TCP options, 4 the source.",
     .examples = {{{"bin(" IP4 TCP "),ip.fp,hex", "1050A8FAF005B447"},
                   {"bin(" IP4 TCP "),ip.fp(7),hex", "1050A8FAF005B4473F0204080103C0000207"}}}},
    {.name = "ip.hdr",
     .in = Type::binary,
     .out = Type::binary,
     .apply = ip<ip_hdr>,
     .doc = "An IP header with its options or extensions.",
     .examples = {{{"bin(" IP4 TCP "),ip.hdr,length", "20"}}}},
    {.name = "ip.proto",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ip<ip_proto>,
     .doc = "The number of the transport protocol: 6 for TCP.",
     .examples = {{{"bin(" IP6 TCP "),ip.proto", "6"}}}},
    {.name = "ip.src",
     .in = Type::binary,
     .out = Type::address,
     .apply = ip<ip_src>,
     .doc = "The source in an IP header.",
     .examples = {{{"bin(" IP4 TCP "),ip.src", "192.0.2.7"}}}},
    {.name = "ip.tos",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ip<ip_tos>,
     .doc = "The type of service of IPv4, the traffic class of IPv6.",
     .examples = {{{"bin(" IP6 TCP "),ip.tos", "171"}}}},
    {.name = "ip.ttl",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ip<ip_ttl>,
     .doc = "The time to live, the hop limit of IPv6.",
     .examples = {{{"bin(" IP6 TCP "),ip.ttl", "64"}}}},
    {.name = "ip.ver",
     .in = Type::binary,
     .out = Type::integer,
     .apply = ip<ip_ver>,
     .doc = "The version of IP: 4 or 6.",
     .examples = {{{"bin(" IP6 TCP "),ip.ver", "6"}}}},
    {.name = "tcp.dst",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_dst>,
     .doc = "The destination port in a TCP header.",
     .examples = {{{"bin(" TCP "),tcp.dst", "443"}}}},
    {.name = "tcp.flags",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_flags>,
     .doc = "The eight flags of a TCP header.",
     .examples = {{{"bin(" TCP "),tcp.flags", "2"}}}},
    {.name = "tcp.options.mss",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_mss>,
     .doc = "The largest segment that TCP options offer; 0 without the option.",
     .examples = {{{"bin(" TCP "),tcp.options.mss", "1460"}}}},
    {.name = "tcp.options.sack",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_sack>,
     .doc = "1 when TCP options permit selective acknowledgements.",
     .examples = {{{"bin(" TCP "),tcp.options.sack", "1"}}}},
    {.name = "tcp.options.tsopt",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_tsopt>,
     .doc = "1 when there is a timestamp among the TCP options.",
     .examples = {{{"bin(" TCP "),tcp.options.tsopt", "1"}}}},
    {.name = "tcp.options.tsval",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_tsval>,
     .doc = "The timestamp among the TCP options.",
     .examples = {{{"bin(" TCP "),tcp.options.tsval", "7"}}}},
    {.name = "tcp.options.wscale",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_wscale>,
     .doc = "The window scale of the TCP options; 0 without the option.",
     .examples = {{{"bin(" TCP "),tcp.options.wscale", "7"}}}},
    {.name = "tcp.options.wsopt",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_wsopt>,
     .doc = "1 when there is a window scale among the TCP options.",
     .examples = {{{"bin(" TCP "),tcp.options.wsopt", "1"}}}},
    {.name = "tcp.options_list",
     .in = Type::binary,
     .out = Type::binary,
     .apply = tcp_options_list,
     .doc = "The kinds of the TCP options, in their order, a byte each.",
     .examples = {{{"bin(" TCP "),tcp.options_list,hex", "0204080103"}}}},
    {.name = "tcp.seq",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_seq>,
     .doc = "The sequence number in a TCP header.",
     .examples = {{{"bin(" TCP "),tcp.seq", "42"}}}},
    {.name = "tcp.src",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_src>,
     .doc = "The source port in a TCP header.",
     .examples = {{{"bin(" TCP "),tcp.src", "40000"}}}},
    {.name = "tcp.win",
     .in = Type::binary,
     .out = Type::integer,
     .apply = tcp<tcp_win>,
     .doc = "The window in a TCP header, not scaled.",
     .examples = {{{"bin(" TCP "),tcp.win", "64240"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");
#undef ETHERNET
#undef IP4
#undef IP6
#undef TCP

}  // namespace
constinit const std::span<const Converter> packet_converters{kRows};
}  // namespace weir::sample
