// The PROXY protocol's words: options of bind and server lines, and the few lines about it. Manual: 3.2
// (pp2-never-send-local), 4.2 (timeout client-hs, unique-id-format), 5.1, 5.2.
//
// A `no-` word takes back what its own word said, wherever that stood. COMPAT: 2.6 leaves bits of the other words
// behind; the manual's sentence is kept here.
#include "proto/proxy_protocol.h"

#include <fmt/format.h>

#include <charconv>

#include "base/parts.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_protocol.h"
#include "proxy/keyword/tables.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;

using Row = OptionRow<ServerConfig>;
using S = SendProxy;

template <std::uint8_t Words>
void add(ParseContext&, ServerConfig& server, Arguments&, const Word&) {
  server.send_proxy.words = static_cast<std::uint8_t>(server.send_proxy.words | Words);
}
template <std::uint8_t Words>
void take_back(ParseContext&, ServerConfig& server, Arguments&, const Word&) {
  server.send_proxy.words = static_cast<std::uint8_t>(server.send_proxy.words & ~Words);
}
template <bool Value>
void in_checks(ParseContext&, ServerConfig& server, Arguments&, const Word&) {
  server.send_proxy.checks = Value;
}

struct OptionWord {
  std::string_view name;
  std::uint8_t word;
};
constexpr OptionWord kV2Options[] = {
    {"authority", S::authority}, {"cert-cn", S::ssl}, {"cert-key", S::ssl},   {"cert-sig", S::ssl},
    {"crc32c", S::crc32c},       {"ssl", S::ssl},     {"ssl-cipher", S::ssl}, {"unique-id", S::unique_id},
};

void v2_options(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& list = *args.next();
  for (const std::string_view name : Parts(list.text, ',')) {
    bool known = false;
    for (const OptionWord& option : kV2Options) {
      if (option.name != name) continue;
      known = true;
      server.send_proxy.words = static_cast<std::uint8_t>(server.send_proxy.words | option.word);
    }
    if (!known) {
      std::vector<std::string_view> names;
      for (const OptionWord& option : kV2Options) names.push_back(option.name);
      const auto near = nearest_word(name, names);
      args.error_at(list.at, fmt::format("'proxy-v2-options' has no option '{}'", name)).hint =
          near.empty() ? fmt::format("expected {}", fmt::join(names, ", ")) : fmt::format("did you mean '{}'?", near);
    }
  }
}

// set-proxy-v2-tlv-fmt(0x20) <format>: the type stands in the word itself.
void tlv_format(ParseContext& context, ServerConfig& server, Arguments& args, const Word& option) {
  const Word& format = *args.next();
  std::string_view number = option.text;
  const auto open = number.find('(');
  const bool closed = number.ends_with(')') && open != number.npos;
  number = closed ? number.substr(open + 1, number.size() - open - 2) : std::string_view();
  const int base = number.starts_with("0x") || number.starts_with("0X") ? 16 : 10;
  if (base == 16) number.remove_prefix(2);
  unsigned type = 0;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), type, base);
  if (number.empty() || problem != std::errc{} || end != number.data() + number.size() || type > 255) {
    auto& wrong = args.error_at(option.at, fmt::format("'{}' names no type", option.text));
    wrong.hint = "the type of a TLV is a number up to 255 in parentheses";
    wrong.example = "server s1 192.0.2.11:3389 send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) %[fc_pp_tlv(0xE1)]";
    return;
  }
  SendProxy::Tlv tlv;
  tlv.type = static_cast<std::uint8_t>(type);
  tlv.text = format.text;
  tlv.format = sample::LogFormat::compile(format.text, {.use = sample::FormatUse::text, .merge_spaces = false},
                                          scope_of(context, Place::request), format.at, context.diagnostics());
  if (tlv.format != nullptr) server.send_proxy.tlvs.push_back(std::move(tlv));
}

constexpr Row plain(std::string_view name, void (*apply)(ParseContext&, ServerConfig&, Arguments&, const Word&),
                    std::string_view doc, std::string_view example) {
  return {.name = name, .apply = apply, .doc = doc, .example = example};
}

constexpr Row kServerOptions[] = {
    plain("check-send-proxy", in_checks<true>, "Health checks begin with a PROXY header, wherever they go.",
          "server s1 192.0.2.11:3389 check check-send-proxy port 3390"),
    plain("no-check-send-proxy", in_checks<false>, "Takes back 'check-send-proxy' of the defaults.",
          "server s1 192.0.2.11:3389 check no-check-send-proxy"),
    plain("no-send-proxy", take_back<S::v1>, "Takes back 'send-proxy' of the defaults.",
          "server s1 192.0.2.11:3389 no-send-proxy"),
    plain("no-send-proxy-v2", take_back<S::v2>, "Takes back 'send-proxy-v2' of the defaults.",
          "server s1 192.0.2.11:3389 no-send-proxy-v2"),
    plain("no-send-proxy-v2-ssl", take_back<S::v2 | S::ssl>, "Takes back 'send-proxy-v2-ssl' of the defaults.",
          "server s1 192.0.2.11:3389 no-send-proxy-v2-ssl"),
    plain("no-send-proxy-v2-ssl-cn", take_back<S::v2 | S::ssl>, "Takes back 'send-proxy-v2-ssl-cn' of the defaults.",
          "server s1 192.0.2.11:3389 no-send-proxy-v2-ssl-cn"),
    {.name = "proxy-v2-options",
     .args = 1,
     .apply = v2_options,
     .arguments = "<option>[,<option>]*",
     .doc =
         "What the PROXY header of version 2 says beside the addresses: authority, crc32c, unique-id; ssl, ssl-cipher, "
         "cert-cn, cert-key and cert-sig say that the client spoke no TLS.",
     .example = "server s1 192.0.2.11:3389 send-proxy-v2 proxy-v2-options crc32c,unique-id"},
    plain("send-proxy", add<S::v1>, "Tells the server the client's addresses in a PROXY header of version 1.",
          "server s1 192.0.2.11:3389 send-proxy"),
    plain("send-proxy-v2", add<S::v2>, "Tells the server the client's addresses in a PROXY header of version 2.",
          "server s1 192.0.2.11:3389 send-proxy-v2"),
    plain(
        "send-proxy-v2-ssl", add<S::v2 | S::ssl>,
        "The same with what is known about the client's TLS: nothing, for bind lines do not speak it in this version.",
        "server s1 192.0.2.11:3389 send-proxy-v2-ssl"),
    plain("send-proxy-v2-ssl-cn", add<S::v2 | S::ssl>,
          "The same with the name in the client's certificate, of which there is none in this version.",
          "server s1 192.0.2.11:3389 send-proxy-v2-ssl-cn"),
    {.name = "set-proxy-v2-tlv-fmt",
     .args = 1,
     .apply = tlv_format,
     .arguments = "<format>",
     .doc = "Adds a TLV of the type in parentheses to the PROXY header of version 2; an empty value is left out.",
     .example = "server s1 192.0.2.11:3389 send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) %[fc_pp_tlv(0xE1)]",
     .parenthesised = true},
};

void accept_proxy(ParseContext&, BindConfig& bind, Arguments&, const Word&) { bind.accept_proxy = true; }
void accept_netscaler(ParseContext&, BindConfig& bind, Arguments& args, const Word&) {
  if (const auto magic = args.expect_integer("the magic number", 1, 0xffffffff))
    bind.netscaler_magic = static_cast<std::uint32_t>(*magic);
}

constexpr OptionRow<BindConfig> kBindOptions[] = {
    {.name = "accept-netscaler-cip",
     .args = 1,
     .apply = accept_netscaler,
     .arguments = "<magic number>",
     .doc = "Every connection begins with a NetScaler Client IP header, whose addresses count.",
     .example = "bind 192.0.2.1:3389 accept-netscaler-cip 305419896"},
    {.name = "accept-proxy",
     .apply = accept_proxy,
     .doc = "Every connection begins with a PROXY header of either version, whose addresses count.",
     .example = "bind 192.0.2.1:3389 accept-proxy"},
};

void never_send_local(ParseContext& context, const Line&) {
  context.target<GlobalConfig>().pp2_never_send_local = context.prefix() == config::Prefix::none;
}

void client_handshake(ParseContext& context, const Line& line) {
  ProxyConfig* proxy = frontend_side(context, line);
  if (proxy == nullptr) return;
  Arguments args(context, line);
  const auto time = args.expect_time("the time");
  if (!time) return;
  Timeout& timeout = proxy->settings.timeouts.client_hs;
  timeout.reset();
  if (time->count() != 0) timeout = *time;
}

void unique_id_format(ParseContext& context, const Line& line) {
  ProxySettings& settings = context.target<ProxyConfig>().settings;
  settings.unique_id_format = line.args()[0].text;
  settings.unique_id_format_at = line.args()[0].at;
}

constexpr KeywordRow kRows[] = {
    {.name = "pp2-never-send-local",
     .sections = in::global,
     .accepts = config::accepts::no_prefix,
     .parse = never_send_local,
     .doc = "Health checks with a PROXY header of version 2 pretend to be clients, for servers that take no LOCAL.",
     .example = "pp2-never-send-local"},
    {.name = "timeout client-hs",
     .sections = in::proxies,
     .arguments = "<time>",
     .min_args = 1,
     .max_args = 1,
     .parse = client_handshake,
     .doc = "How long a client may take for what comes before its session: a PROXY or NetScaler header. Without it "
            "'timeout client' holds.",
     .example = "timeout client-hs 5s"},
    {.name = "unique-id-format",
     .sections = in::proxies,
     .arguments = "<format>",
     .min_args = 1,
     .max_args = 1,
     .parse = unique_id_format,
     .doc = "The name that each session gets, for logs and PROXY headers.",
     .example = "unique-id-format \"%{+X}o %ci:%cp_%fi:%fp_%Ts_%rt:%pid\""},
};
static_assert(config::well_formed(kRows));

}  // namespace

constinit const std::span<const KeywordRow> proxy_protocol_keywords{kRows};
constinit const std::span<const OptionRow<ServerConfig>> proxy_protocol_server_options{kServerOptions};
constinit const std::span<const OptionRow<BindConfig>> proxy_protocol_bind_options{kBindOptions};

}  // namespace weir::proxy
