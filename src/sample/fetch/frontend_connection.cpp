// What the client's connection itself was, below the session: its first addresses, and the PROXY header it began with.
//
// `src` and `dst` are those that a header or a rule gave the session; fc_src and fc_dst are the connection's own.
// Manual 7.3.3; the types of TLVs: proxy-protocol.txt, 2.2.
#include <charconv>

#include "proto/proxy_protocol.h"
#include "sample/fetch/address.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

namespace pp = proto::pp;

/// Longer values are never shown: what a peer sends must not grow what is built from it.
constexpr std::size_t kMostValue = 1024;

const SocketAddress* own_source(const Context& context) {
  if (context.client == nullptr) return nullptr;
  return context.client->own_source != nullptr ? context.client->own_source : context.client->source;
}
const SocketAddress* own_destination(const Context& context) {
  if (context.client == nullptr) return nullptr;
  return context.client->own_destination != nullptr ? context.client->own_destination : context.client->destination;
}

FetchStatus tlv(Context& context, std::uint8_t type, Sample& out) {
  if (context.client == nullptr) return FetchStatus::absent;
  const auto value = pp::find_tlv(context.client->tlvs, type);
  if (!value || value->size() > kMostValue) return FetchStatus::absent;
  out = Sample::string(*value);
  return FetchStatus::ok;
}

struct TlvName {
  std::string_view name;
  std::uint8_t type;
};
constexpr TlvName kTlvNames[] = {
    {"ALPN", pp::type::alpn},
    {"AUTHORITY", pp::type::authority},
    {"CRC32", pp::type::crc32c},
    {"NETNS", pp::type::netns},
    {"NOOP", pp::type::noop},
    {"SSL", pp::type::ssl},
    {"SSL_CIPHER", pp::type::ssl_cipher},
    {"SSL_CN", pp::type::ssl_cn},
    {"SSL_KEY_ALG", pp::type::ssl_key_alg},
    {"SSL_SIG_ALG", pp::type::ssl_sig_alg},
    {"SSL_VERSION", pp::type::ssl_version},
    {"UNIQUE_ID", pp::type::unique_id},
};

std::optional<std::uint8_t> tlv_type(std::string_view text) {
  for (const TlvName& known : kTlvNames)
    if (known.name == text) return known.type;
  const int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  std::uint8_t type = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), type, base);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return type;
}

Result<std::shared_ptr<const void>> prepare_tlv(const Args& args) {
  const auto type = tlv_type(args[0].text);
  if (!type) return fail("'" + args[0].text + "' is no type of a TLV: a number up to 255, or a name such as AUTHORITY");
  return std::make_shared<const std::uint8_t>(*type);
}

FetchStatus fc_dst(const Args&, Context& context, Sample& out) { return address_of(own_destination(context), out); }
FetchStatus fc_dst_is_local(const Args&, Context& context, Sample& out) {
  return is_local(own_destination(context), out);
}
FetchStatus fc_dst_port(const Args&, Context& context, Sample& out) { return port_of(own_destination(context), out); }
FetchStatus fc_pp_authority(const Args&, Context& context, Sample& out) {
  return tlv(context, pp::type::authority, out);
}
FetchStatus fc_pp_tlv(const Args& args, Context& context, Sample& out) {
  return tlv(context, *static_cast<const std::uint8_t*>(args.prepared), out);
}
FetchStatus fc_pp_unique_id(const Args&, Context& context, Sample& out) {
  return tlv(context, pp::type::unique_id, out);
}
FetchStatus fc_rcvd_proxy(const Args&, Context& context, Sample& out) {
  if (context.client == nullptr) return FetchStatus::absent;
  out = Sample::boolean(context.client->proxy_header);
  return FetchStatus::ok;
}
FetchStatus fc_src(const Args&, Context& context, Sample& out) { return address_of(own_source(context), out); }
FetchStatus fc_src_is_local(const Args&, Context& context, Sample& out) { return is_local(own_source(context), out); }
FetchStatus fc_src_port(const Args&, Context& context, Sample& out) { return port_of(own_source(context), out); }

constexpr Fetch row(std::string_view name, Type out, FetchStatus (*fetch)(const Args&, Context&, Sample&),
                    std::string_view doc, Example example) {
  return {.name = name, .needs = Facts::client, .out = out, .fetch = fetch, .doc = doc, .examples = {{example}}};
}

constexpr Fetch kRows[] = {
    row("fc_dst", Type::address, fc_dst, "The address of ours that the connection came to, whatever a header said.",
        {"fc_dst", "127.0.0.1"}),
    row("fc_dst_is_local", Type::boolean, fc_dst_is_local,
        "Whether that address is one of this machine's; asks the kernel each time.", {"fc_dst_is_local", "1"}),
    row("fc_dst_port", Type::integer, fc_dst_port, "The port that the connection came to.", {"fc_dst_port", "3389"}),
    row("fc_pp_authority", Type::string, fc_pp_authority,
        "The host name in the PROXY header of version 2; absent without one.", {"fc_pp_authority", "desk.example.com"}),
    {.name = "fc_pp_tlv",
     .args = args(1, {ArgKind::string}),
     .needs = Facts::client,
     .out = Type::string,
     .fetch = fc_pp_tlv,
     .prepare = prepare_tlv,
     .doc = "The first value of that type in the PROXY header of version 2, by number or name (ALPN, AUTHORITY, CRC32, "
            "NETNS, NOOP, SSL, SSL_CIPHER, SSL_CN, SSL_KEY_ALG, SSL_SIG_ALG, SSL_VERSION, UNIQUE_ID); absent when "
            "there is "
            "none, or it is longer than 1024 bytes.",
     .examples = {{{"fc_pp_tlv(0x02)", "desk.example.com"},
                   {"fc_pp_tlv(AUTHORITY)", "desk.example.com"},
                   {"fc_pp_tlv(SSL_CN)", "alice"},
                   {"fc_pp_tlv(225)", "", true}}}},
    row("fc_pp_unique_id", Type::string, fc_pp_unique_id,
        "The session's name in the PROXY header of version 2; absent without one.", {"fc_pp_unique_id", "c0ffee-1"}),
    row("fc_rcvd_proxy", Type::boolean, fc_rcvd_proxy, "Whether the connection began with a PROXY header.",
        {"fc_rcvd_proxy", "1"}),
    row("fc_src", Type::address, fc_src, "The address that the connection came from, whatever a header said.",
        {"fc_src", "192.0.2.7"}),
    row("fc_src_is_local", Type::boolean, fc_src_is_local,
        "Whether that address is one of this machine's; asks the kernel each time.", {"fc_src_is_local", "0"}),
    row("fc_src_port", Type::integer, fc_src_port, "The port that the connection came from.", {"fc_src_port", "40123"}),
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> frontend_connection_fetches{kRows};
}  // namespace weir::sample
