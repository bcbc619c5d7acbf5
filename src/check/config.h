// How one server is checked: a value, complete once the backend is.
//
// The server line gives the cadence, the address and the TLS words; the backend gives the kind, the steps and the
// timeouts. complete() builds what the value needs to run (the TLS context) and is called once at load; equality looks
// at the configuration alone, so an unchanged check keeps running across a reload. Manual: check, inter, rise, fall,
// timeout check, check-ssl.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "check/http_probe.h"
#include "check/step.h"
#include "io/socket.h"
#include "tls/client.h"

namespace weir::check {

/// What is exchanged once connected. `connect` exchanges nothing: layer 4, or layer 6 when `tls` is set. `external`
/// does not connect: a command does what it likes. `agent` asks an agent-check's agent for its line.
enum class Kind : std::uint8_t {
  connect,
  tcp_check,
  rdp,
  smtp,
  mysql,
  pgsql,
  ldap,
  redis,
  ssl_hello,
  http,
  external,
  agent
};

/// What the protocol checks say.
struct ProbeWords {
  enum class Mysql : std::uint8_t { post_41, pre_41, post_80 };
  std::string smtp_hello = "HELO localhost";
  std::string user;  // of mysql-check and pgsql-check; mysql-check without one only reads the greeting
  Mysql mysql = Mysql::post_41;
  std::string agent_send;
  HttpWords http;
  friend bool operator==(const ProbeWords&, const ProbeWords&) = default;
};

/// `option external-check`.
struct CommandWords {
  std::string command;
  std::string path;
  bool keep_environment = false;  // global external-check preserve-env
  std::string proxy_address;      // of the first bind line; empty: none
  std::string proxy_port;         // empty: none, or a Unix socket
  std::uint32_t server_maxconn = 0;
  friend bool operator==(const CommandWords&, const CommandWords&) = default;
};

/// Who is checked, for formats and expressions of the steps.
struct CheckNames {
  std::string backend;
  std::uint32_t backend_id = 0;
  std::string server;
  std::uint32_t server_id = 0;
  friend bool operator==(const CheckNames&, const CheckNames&) = default;
};

/// The PROXY header that connections of a check begin with.
struct HeaderConfig {
  bool always = false;  // on the server's own connection; otherwise only where a step says `send-proxy`
  unsigned version = 1;
  bool checksum = false;
  bool tls = false;        // with the TLV about TLS, which a check has nothing to say in
  bool as_client = false;  // pp2-never-send-local
  friend bool operator==(const HeaderConfig&, const HeaderConfig&) = default;
};

struct CheckConfig {
  Kind kind = Kind::connect;
  Milliseconds inter{2000};
  Timeout fastinter;        // absent: inter
  Timeout downinter;        // absent: inter
  Timeout check_timeout;    // `timeout check`
  Timeout connect_timeout;  // `timeout connect`
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  SocketAddress address;   // `addr`; family none: the server's
  std::uint16_t port = 0;  // `port`; 0: the address's own
  bool tls = false;        // `check-ssl`, or the server's `ssl` when neither addr nor port moved the check
  tls::ClientConfig tls_client;
  std::string sni;   // `check-sni`
  std::string alpn;  // `check-alpn` as written; tls::parse_alpn() has accepted it
  HeaderConfig header;
  std::vector<Step> steps;
  ProbeWords probe;
  CommandWords external;
  io::ConnectOptions connect;  // the server's `source` and socket options
  CheckNames names;

  /// Shared by all checks of this server; made by complete() when the check or one of its steps speaks TLS.
  std::shared_ptr<const tls::ClientContext> tls_context;

  friend bool operator==(const CheckConfig& a, const CheckConfig& b);
};

/// True when this check opens a TLS connection, so that a caller can warn that it is unverified.
bool speaks_tls(const CheckConfig& config);

/// Builds tls_context when needed. The error is a sentence for the server's line.
Result<void> complete(CheckConfig& config);

/// How long a check may take to connect, and how long after that. Without `timeout check` one budget, inter, covers
/// both; with it the connection has min(timeout connect, inter) and the exchange has `timeout check` of its own.
struct CheckTimeouts {
  Milliseconds connect;
  Timeout exchange;  // absent: what is left of `connect`
};
CheckTimeouts timeouts(const CheckConfig& config);

/// When the first check of server number `position` of `count` checked servers starts, so that a farm's checks do not
/// all start in one moment: the shortest interval of all (never less than a second) is divided among them.
/// max-spread-checks bounds the time between the first and the last.
Milliseconds start_offset(Milliseconds shortest_inter, std::size_t position, std::size_t count,
                          Timeout max_spread = std::nullopt);

}  // namespace weir::check
