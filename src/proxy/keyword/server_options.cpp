// What a server line may say behind the address. Manual: 5.2.
#include "proxy/keyword/server_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/proxy_protocol.h"
#include "resolve/start.h"

namespace weir::proxy {
namespace {

using namespace config::vocabulary;
using config::dropped_option;
using config::option_without_meaning;

using Row = OptionRow<ServerConfig>;

template <std::uint32_t ServerConfig::* Member, std::int64_t Min, std::int64_t Max>
void number(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the number", Min, Max))
    server.*Member = static_cast<std::uint32_t>(*value);
}
template <std::uint32_t check::CheckConfig::* Member>
void count(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the number of checks", 1, 1'000'000'000))
    server.check.*Member = static_cast<std::uint32_t>(*value);
}
template <bool ServerConfig::* Member, bool Value>
void flag(ParseContext&, ServerConfig& server, Arguments&, const Word&) {
  server.*Member = Value;
}
template <Timeout check::CheckConfig::* Member>
void interval(ParseContext&, ServerConfig& server, Arguments& args, const Word& option) {
  const auto time = args.expect_time("the interval");
  if (!time) return;
  if (time->count() == 0)
    args.error_at(option.at, fmt::format("'{}' of 0 is no interval", option.text));
  else
    server.check.*Member = *time;
}

void inter(ParseContext&, ServerConfig& server, Arguments& args, const Word& option) {
  const auto time = args.expect_time("the interval");
  if (!time) return;
  if (time->count() == 0)
    args.error_at(option.at, "'inter' of 0 is no interval");
  else
    server.check.inter = *time;
}

void pool_name(ParseContext& context, ServerConfig& server, Arguments& args, const Word&) {
  const Word* const word = args.expect_word("the expression");
  if (word == nullptr) return;
  auto expression =
      sample::Expression::compile(word->text, scope_of(context, Place::request), word->at, context.diagnostics());
  if (expression) server.pool_name = std::make_shared<const sample::Expression>(std::move(*expression));
}

void weight(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the weight", 0, 256)) server.weight = static_cast<unsigned>(*value);
}

void id(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const auto value = args.expect_integer("the id", 1, INT32_MAX);
  if (!value) return;
  server.id = static_cast<std::uint32_t>(*value);
  server.explicit_id = true;
}

void port(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto value = args.expect_integer("the port", 1, 65'535))
    server.check.port = static_cast<std::uint16_t>(*value);
}

void addr(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word* word = args.peek();
  auto spec = args.expect_address("the address to check");
  if (!spec) return;
  if (!spec->address.is_inet() && spec->host.empty()) {
    args.error_at(word->at, fmt::format("'{}' is no address to check", word->text));
    return;
  }
  if (!spec->host.empty()) {
    const auto found = resolve::resolve_host(spec->host, spec->forced_family);
    if (!found) {
      args.error_at(word->at, found.error().message);
      return;
    }
    const std::uint16_t written = spec->address.port();
    spec->address = *found;
    spec->address.set_port(written);
    server.resolved += fmt::format("check {}\n", found->host());
  }
  server.check.address = spec->address;
  if (spec->has_port) server.check.port = spec->address.port();
}

void check_ssl(ParseContext&, ServerConfig& server, Arguments&, const Word&) { server.check.tls = true; }
void no_check_ssl(ParseContext&, ServerConfig& server, Arguments&, const Word&) { server.check.tls = false; }

template <std::string check::CheckConfig::* Member>
void check_text(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  server.check.*Member = args.next()->text;
}

void check_alpn(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  if (const auto wire = tls::parse_alpn(word.text); !wire)
    args.error_at(word.at, fmt::format("'{}': {}", word.text, wire.error().message));
  else
    server.check.alpn = word.text;
}

template <std::string tls::ClientConfig::* Member>
void tls_text(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  server.check.tls_client.*Member = args.next()->text;
}
template <tls::Version tls::ClientConfig::* Member>
void tls_version(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  if (const auto version = tls::parse_version(word.text))
    server.check.tls_client.*Member = *version;
  else
    args.error_at(word.at, fmt::format("'{}' is no TLS version", word.text)).hint =
        "TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3";
}

void verify(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  static constexpr std::string_view kChoices[] = {"none", "required"};
  const auto chosen = args.expect_choice("kind of verification", kChoices);
  if (!chosen) return;
  server.verify_written = true;
  server.check.tls_client.verify = *chosen == 0 ? tls::Verify::none : tls::Verify::required;
}

// Whole files of the wild have it: say what it would take.
void ssl(ParseContext&, ServerConfig&, Arguments& args, const Word& option) {
  auto& wrong = args.error_at(option.at, "TLS to servers is not available in this version");
  wrong.hint = "'check-ssl' checks a server over TLS while its sessions are forwarded as they are";
  wrong.example = "server srv01 192.0.2.11:443 check check-ssl verify none";
}

void init_addr(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  if (const auto how = resolve::parse_init_addr(word.text); !how)
    args.error_at(word.at, how.error().message).example =
        "server srv01 desk1.example.com:3389 init-addr last,libc,none";
  else
    server.init_addr = word.text;
}

void source(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  SourceSettings settings;
  if (read_source(args, settings)) server.source = std::move(settings);
}

void tcp_ut(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) server.connect.tcp_user_timeout = *time;
}
void tfo(ParseContext&, ServerConfig& server, Arguments&, const Word&) { server.connect.tcp_fast_open = true; }
void no_tfo(ParseContext&, ServerConfig& server, Arguments&, const Word&) { server.connect.tcp_fast_open = false; }

void on_marked_down(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  static constexpr std::string_view kChoices[] = {"shutdown-sessions"};
  if (args.expect_choice("action", kChoices)) server.on_marked_down = OnMarkedDown::shutdown_sessions;
}

void on_marked_up(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  static constexpr std::string_view kChoices[] = {"shutdown-backup-sessions"};
  if (args.expect_choice("action", kChoices)) server.up_ends_backup_sessions = true;
}

template <std::string ServerConfig::* Member>
void text(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const Word* word = args.expect_word("a value")) server.*Member = word->text;
}

void max_reuse(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const auto number = args.expect_integer("the number of requests", -1, INT32_MAX);
  if (!number) return;
  server.max_reuse_set = *number >= 0;
  server.max_reuse = static_cast<std::uint32_t>(std::max<std::int64_t>(0, *number));
}

void pool_max(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto number = args.expect_integer("the number of connections", -1, INT32_MAX))
    server.pool_max = static_cast<std::int32_t>(*number);
}

bool is_protocol(Arguments& args, const Word& word) {
  if (word.text == "fcgi" || word.text == "h1" || word.text == "none") return true;
  static constexpr std::string_view kLater[] = {"h2", "qmux", "quic", "spop"};
  if (std::ranges::find(kLater, word.text) != std::end(kLater))
    args.error_at(word.at, fmt::format("the protocol '{}' is not available in this version", word.text));
  else
    args.error_at(word.at, fmt::format("there is no protocol '{}'", word.text)).hint = "fcgi, h1 or none";
  return false;
}

// HTTP/1 and, in TCP mode, bytes as they are need no word.
void proto(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  if (!is_protocol(args, word)) return;
  server.proto = word.text;
  server.fcgi = word.text == "fcgi";
}

void check_proto(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  const Word& word = *args.next();
  if (is_protocol(args, word)) server.check_proto = word.text;
}

void pool_purge(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) server.pool_purge = *time;
}

void slowstart(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const auto time = args.expect_time("the time")) server.slowstart = *time;
}

void redir(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const Word* word = args.expect_word("where clients are sent")) server.redirect = word->text;
}

void hash_key(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  static constexpr std::string_view kKeys[] = {"id", "id32", "addr", "addr-port", "guid"};
  if (const auto key = args.expect_choice("key", kKeys)) server.hash_key = static_cast<balance::NodeKey>(*key);
}

constexpr Row with(std::string_view name, std::string_view arguments,
                   void (*apply)(ParseContext&, ServerConfig&, Arguments&, const Word&), std::string_view doc,
                   std::string_view example) {
  return {.name = name, .args = 1, .apply = apply, .arguments = arguments, .doc = doc, .example = example};
}
constexpr Row plain(std::string_view name, void (*apply)(ParseContext&, ServerConfig&, Arguments&, const Word&),
                    std::string_view doc, std::string_view example) {
  return {.name = name, .apply = apply, .doc = doc, .example = example};
}
using S = ServerConfig;
using C = check::CheckConfig;

constexpr Row kOptions[] = {
    with("addr", "<address>", addr, "Checks another address than the server's.",
         "server s1 192.0.2.11:3389 addr 192.0.2.99"),
    plain("backup", flag<&S::backup, true>, "Used only when no other server is left.",
          "server s9 192.0.2.19:3389 backup"),
    with("check-proto", "fcgi|h1|none", check_proto,
         "What checks of 'option httpchk' speak, where it is not what 'proto' says; 'none' for other checks.",
         "server php1 192.0.2.11:9000 proto fcgi check check-proto fcgi"),
    plain("check", flag<&S::check_enabled, true>, "Checks the server's health.", "server s1 192.0.2.11:3389 check"),
    plain("disabled", flag<&S::disabled, true>, "Starts in maintenance.", "server s1 192.0.2.11:3389 disabled"),
    with("cookie", "<value>", text<&S::cookie>, "The value that stands for the server in the proxy's cookie.",
         "server s1 192.0.2.11:80 cookie s1"),
    with("downinter", "<time>", interval<&C::downinter>, "The time between checks while the server is down.",
         "server s1 192.0.2.11:3389 check downinter 10s"),
    plain("enabled", flag<&S::disabled, false>, "Starts in service although the defaults say 'disabled'.",
          "server s1 192.0.2.11:3389 enabled"),
    with("fall", "<count>", count<&C::fall>, "After how many failed checks the server is down.",
         "server s1 192.0.2.11:3389 check fall 3"),
    with("fastinter", "<time>", interval<&C::fastinter>, "The time between checks while the state is changing.",
         "server s1 192.0.2.11:3389 check fastinter 500ms"),
    with("init-addr", "<method>,...", init_addr, "How the address of a named server is found at start.",
         "server s1 desk1.example.com:3389 init-addr last,libc,none"),
    with("hash-key", "id|id32|addr|addr-port", hash_key, "What the server's places on a ring are made of.",
         "server s1 192.0.2.11:3389 hash-key addr-port"),
    with("inter", "<time>", inter, "The time between checks.", "server s1 192.0.2.11:3389 check inter 3s"),
    with("maxconn", "<connections>", number<&S::maxconn, 0, 1'000'000'000>,
         "How many sessions the server takes at once; others wait.", "server s1 192.0.2.11:3389 maxconn 100"),
    with("maxqueue", "<sessions>", number<&S::maxqueue, 0, 1'000'000'000>,
         "How many sessions may wait for this server before others are tried.",
         "server s1 192.0.2.11:3389 maxqueue 10"),
    with("max-reuse", "<requests>", max_reuse,
         "How many more requests a connection carries after its first; -1: any number.",
         "server s1 192.0.2.11:80 max-reuse 100"),
    with("minconn", "<connections>", number<&S::minconn, 0, 1'000'000'000>,
         "Where the limit starts while the backend is not busy.", "server s1 192.0.2.11:3389 minconn 10 maxconn 100"),
    plain("no-backup", flag<&S::backup, false>, "Takes back 'backup' of the defaults.",
          "server s1 192.0.2.11:3389 no-backup"),
    plain("no-check", flag<&S::check_enabled, false>, "Takes back 'check' of the defaults.",
          "server s1 192.0.2.11:3389 no-check"),
    plain("no-tfo", no_tfo, "Takes back 'tfo' of the defaults.", "server s1 192.0.2.11:3389 no-tfo"),
    plain("non-stick", flag<&S::non_stick, true>, "No stick table remembers this server.",
          "server s9 192.0.2.19:3389 non-stick"),
    with("on-marked-down", "shutdown-sessions", on_marked_down,
         "What happens to its sessions when the server goes down.",
         "server s1 192.0.2.11:3389 check on-marked-down shutdown-sessions"),
    with("on-marked-up", "shutdown-backup-sessions", on_marked_up,
         "What happens to the sessions of backup servers when the server comes up.",
         "server s1 192.0.2.11:3389 check on-marked-up shutdown-backup-sessions"),
    with("pool-conn-name", "<expression>", pool_name,
         "What names a connection: a request goes over one that rests only if its own value is the same.",
         "server s1 192.0.2.11:80 pool-conn-name req.hdr(host)"),
    with("pool-low-conn", "<connections>", number<&S::pool_low, 0, 1'000'000'000>,
         "With no more resting connections than that no thread lends another one, and they are kept.",
         "server s1 192.0.2.11:80 pool-low-conn 10"),
    with("pool-max-conn", "<connections>", pool_max, "How many connections may rest between requests; -1: any number.",
         "server s1 192.0.2.11:80 pool-max-conn 100"),
    with("pool-purge-delay", "<time>", pool_purge, "Half of the connections that rested for that long are closed.",
         "server s1 192.0.2.11:80 pool-purge-delay 10s"),
    with("port", "<port>", port, "Checks another port than the server's.", "server s1 192.0.2.11:3389 check port 443"),
    with("proto", "fcgi|h1|none", proto,
         "What is spoken to the server: FastCGI, to the application that 'use-fcgi-app' names, or what the mode says.",
         "server php1 192.0.2.11:9000 proto fcgi"),
    with("redir", "<prefix>", redir, "HTTP: its GET and HEAD requests are sent there instead of to the server.",
         "server s1 192.0.2.11:80 redir http://images.example.com"),
    with("rise", "<count>", count<&C::rise>, "After how many passed checks the server is up again.",
         "server s1 192.0.2.11:3389 check rise 2"),
    with("slowstart", "<time>", slowstart, "How long a server that came back takes to its full share.",
         "server s1 192.0.2.11:3389 check slowstart 30s"),
    with("source", "<address>[:<port>[-<port>]] [usesrc <address>] [interface <name>]", source,
         "From which address the server is connected to.", "server s1 192.0.2.11:3389 source 192.0.2.9"),
    plain("stick", flag<&S::non_stick, false>, "Takes back 'non-stick' of the defaults.",
          "server s1 192.0.2.11:3389 stick"),
    with("tcp-ut", "<time>", tcp_ut, "How long sent data may go unacknowledged before the connection counts as dead.",
         "server s1 192.0.2.11:3389 tcp-ut 30s"),
    plain("tfo", tfo, "Sends data with TCP fast open.", "server s1 192.0.2.11:3389 tfo"),
    with("weight", "<weight>", weight, "The server's share of sessions, beside the others' weights.",
         "server s1 192.0.2.11:3389 weight 10"),
};

constexpr Row kTlsOptions[] = {
    with("ca-file", "<file>", tls_text<&tls::ClientConfig::ca_file>, "Whose certificates the check trusts.",
         "server s1 192.0.2.11:443 check check-ssl ca-file /etc/ssl/certs/farm.pem"),
    with("check-alpn", "<protocol>,...", check_alpn, "The protocols the check offers inside TLS.",
         "server s1 192.0.2.11:443 check check-ssl verify none check-alpn h2"),
    with("check-sni", "<name>", check_text<&C::sni>, "The server name the check sends.",
         "server s1 192.0.2.11:443 check check-ssl verify none check-sni desk.example.com"),
    plain("check-ssl", check_ssl, "Checks over TLS.", "server s1 192.0.2.11:443 check check-ssl verify none"),
    with("ciphers", "<list>", tls_text<&tls::ClientConfig::ciphers>, "The ciphers up to TLS 1.2.",
         "server s1 192.0.2.11:443 check check-ssl verify none ciphers HIGH"),
    with("ciphersuites", "<list>", tls_text<&tls::ClientConfig::ciphersuites>, "The ciphers of TLS 1.3.",
         "server s1 192.0.2.11:443 check check-ssl verify none ciphersuites TLS_AES_128_GCM_SHA256"),
    with("crl-file", "<file>", tls_text<&tls::ClientConfig::crl_file>, "Certificates that are trusted no longer.",
         "server s1 192.0.2.11:443 check check-ssl ca-file farm.pem crl-file revoked.pem"),
    with("crt", "<file>", tls_text<&tls::ClientConfig::crt>, "The certificate to show when the server asks for one.",
         "server s1 192.0.2.11:443 check check-ssl verify none crt lb1.pem"),
    with("curves", "<list>", tls_text<&tls::ClientConfig::curves>, "The groups of the key exchange.",
         "server s1 192.0.2.11:443 check check-ssl verify none curves X25519"),
    plain("no-check-ssl", no_check_ssl, "Takes back 'check-ssl' of the defaults.",
          "server s1 192.0.2.11:443 check no-check-ssl"),
    with("sigalgs", "<list>", tls_text<&tls::ClientConfig::sigalgs>, "The signatures to accept.",
         "server s1 192.0.2.11:443 check check-ssl verify none sigalgs RSA-PSS+SHA256"),
    plain("ssl", ssl, "Encrypts sessions to the server; refused in this version.",
          "server s1 192.0.2.11:443 check check-ssl"),
    with("ssl-max-ver", "<version>", tls_version<&tls::ClientConfig::max_version>,
         "The newest version of TLS to speak.",
         "server s1 192.0.2.11:443 check check-ssl verify none ssl-max-ver TLSv1.2"),
    with("ssl-min-ver", "<version>", tls_version<&tls::ClientConfig::min_version>,
         "The oldest version of TLS to speak.",
         "server s1 192.0.2.11:443 check check-ssl verify none ssl-min-ver TLSv1.2"),
    with("verify", "none|required", verify, "Whether the server's certificate must be good.",
         "server s1 192.0.2.11:443 check check-ssl verify required ca-file farm.pem"),
    with("verifyhost", "<name>", tls_text<&tls::ClientConfig::verifyhost>, "The name the certificate must bear.",
         "server s1 192.0.2.11:443 check check-ssl ca-file farm.pem verifyhost desk.example.com"),
};

void guid(ParseContext&, ServerConfig& server, Arguments& args, const Word&) {
  if (const Word* word = expect_guid(args)) server.guid = word->text;
}

constexpr Row kId[] = {
    with("guid", "<guid>", guid, "A name that nothing else in the configuration bears, which hash-key may go by.",
         "server s1 192.0.2.11:3389 guid desks-1"),
    with("id", "<number>", id, "The server's number, in statistics and stick tables.",
         "server s1 192.0.2.11:3389 id 7"),
};
constexpr Row kNoId[] = {
    dropped_option<ServerConfig>("guid", 1, "no two servers may share a guid"),
    dropped_option<ServerConfig>("id", 1, "no two servers may share an id"),
};

constexpr std::string_view kNotYet = "it is not available in this version";
constexpr std::string_view kNoResolvers = "names are resolved when a configuration is read, by the system";
constexpr std::string_view kNoTls = "TLS to servers is not available in this version";
constexpr Row kLaterOptions[] = {
    dropped_option<S>("alpn", 1, kNoTls),
    dropped_option<S>("log-proto", 1, "'mode log' is not available in this version"),
    dropped_option<S>("namespace", 1, kNotYet),
    option_without_meaning<S>("no-ssl", 0, "it is the default"),
    dropped_option<S>("resolve-net", 1, kNoResolvers),
    dropped_option<S>("resolve-opts", 1, kNoResolvers),
    dropped_option<S>("resolve-prefer", 1, kNoResolvers),
    dropped_option<S>("resolvers", 1, kNoResolvers),
    dropped_option<S>("sni", 1, kNoTls),
    dropped_option<S>("socks4", 1, kNotYet),
};

}  // namespace

const config::OptionTable<ServerConfig>& server_options() {
  static const config::OptionTable<ServerConfig> table(
      "server option",
      {kOptions, kTlsOptions, kId, proxy_protocol_server_options, server_health_options, kLaterOptions});
  return table;
}

const config::OptionTable<ServerConfig>& default_server_options() {
  static const config::OptionTable<ServerConfig> table(
      "server option",
      {kOptions, kTlsOptions, kNoId, proxy_protocol_server_options, server_health_options, kLaterOptions});
  return table;
}

}  // namespace weir::proxy
