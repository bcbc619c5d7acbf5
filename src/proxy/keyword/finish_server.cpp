#include "proxy/keyword/finish_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/keyword/build.h"
#include "proxy/keyword/fcgi.h"
#include "resolve/start.h"

namespace weir::proxy {
namespace {

std::string based(const std::string& base, const std::string& path) {
  if (base.empty() || path.empty() || path.front() == '/' || path.front() == '@') return path;
  return base.back() == '/' ? base + path : fmt::format("{}/{}", base, path);
}

void resolve_address(ServerConfig& server, const FinishOptions& options, Diagnostics& diagnostics) {
  if (server.spec.host.empty()) return;
  resolve::InitAddr how;
  if (!server.init_addr.empty())
    if (auto written = resolve::parse_init_addr(server.init_addr)) how = std::move(*written);
  auto found = resolve::resolve(server.spec, how);
  if (found) {
    server.address = *found;
    if (found->family() == AddressFamily::none && how.methods.size() > 1)
      diagnostics
          .warning(server.at,
                   fmt::format("server '{}': the address of '{}' is not known", server.name, server.spec.host))
          .hint = "the server gets no session";
    return;
  }
  server.address = {};
  const std::string message = fmt::format("server '{}': {}", server.name, found.error().message);
  if (options.ignore_resolution_failures)
    diagnostics.warning(server.at, message).hint = "the server has no address and gets no session";
  else
    diagnostics.error(server.at, message).hint = "'init-addr last,libc,none' starts without the address";
}

/// The ports of the steps; whether the first connection, the implicit one included, needs the server's own.
bool steps_need_port(const check::CheckConfig& check) {
  if (check.kind != check::Kind::tcp_check) return true;
  bool connects = false;
  for (const check::Step& step : check.steps) {
    if (step.kind == check::StepKind::comment) continue;
    if (step.kind != check::StepKind::connect) {
      if (!connects) return true;
      continue;
    }
    connects = true;
    if (step.connect.port == 0 && step.connect.port_expression.empty() && !step.connect.address.is_unix() &&
        step.connect.address.port() == 0)
      return true;
  }
  return !connects;
}

io::ConnectOptions check_connection(const ProxyConfig& proxy, const ServerConfig& server) {
  io::ConnectOptions options = server.connect;
  const auto& source = server.source ? server.source : proxy.settings.source;
  if (source) {
    // Manual, source: checks come from the address itself, never from the client's, and use no port of the range.
    options.source = source->address;
    if (source->first_port != source->last_port) options.source.set_port(0);
    options.interface = source->interface;
  }
  if (proxy.settings.server_keepalive) {
    options.keepalive = proxy.settings.server_keepalive_options;
    options.keepalive.enabled = true;
  }
  return options;
}

// Manual, check-send-proxy: a check that goes elsewhere begins with a header only when it says so itself.
void finish_header(const GlobalConfig& global, const ProxyConfig& proxy, ServerConfig& server,
                   Diagnostics& diagnostics) {
  const SendProxy& words = server.send_proxy;
  check::CheckConfig& check = server.check;
  const bool own_place = check.port == 0 && check.address.family() == AddressFamily::none;
  check.header = {.always = words.checks || (words.version() != 0 && own_place),
                  .version = words.version() == 2 ? 2U : 1U,
                  .checksum = words.has(SendProxy::crc32c),
                  .tls = words.has(SendProxy::ssl),
                  .as_client = global.pp2_never_send_local};
  const bool only_v2 = words.has(SendProxy::crc32c) || words.has(SendProxy::authority) ||
                       words.has(SendProxy::unique_id) || words.has(SendProxy::ssl) || !words.tlvs.empty();
  if (!only_v2 || words.version() == 2) return;
  diagnostics
      .warning(server.at, fmt::format("{}: server '{}' says what a PROXY header of version 2 has, and sends none",
                                      title(proxy), server.name))
      .hint = "add 'send-proxy-v2'";
}

void finish_tls(const GlobalConfig& global, ServerConfig& server, const FinishOptions& options,
                Diagnostics& diagnostics) {
  tls::ClientConfig& config = server.check.tls_client;
  config.ca_file = based(global.ca_base, config.ca_file);
  config.crl_file = based(global.ca_base, config.crl_file);
  config.crt = based(global.crt_base, config.crt);
  const tls::ClientConfig& defaults = global.ssl_default_server;
  if (config.ciphers.empty()) config.ciphers = defaults.ciphers;
  if (config.ciphersuites.empty()) config.ciphersuites = defaults.ciphersuites;
  if (config.min_version == tls::Version::library) config.min_version = defaults.min_version;
  if (config.max_version == tls::Version::library) config.max_version = defaults.max_version;
  if (options.no_server_verify) {
    config.verify = tls::Verify::none;
  } else if (!server.verify_written) {
    if (global.ssl_server_verify)
      config.verify = *global.ssl_server_verify;
    else if (!config.ca_file.empty())
      config.verify = tls::Verify::required;
  }
  if (config.verify != tls::Verify::required || !config.ca_file.empty() || !check::speaks_tls(server.check)) return;
  diagnostics
      .error(server.at,
             fmt::format("server '{}': its certificate is to be verified, and no 'ca-file' says by whom", server.name))
      .example =
      fmt::format("server {} 192.0.2.11:443 check check-ssl verify required ca-file @system-ca", server.name);
}

}  // namespace

namespace {

// Manual, agent-check: requires the "agent-port".
void finish_agent(const ServerConfig& server, Diagnostics& diagnostics) {
  if (!server.health.agent.enabled || server.health.agent.port != 0) return;
  diagnostics.error(server.at, fmt::format("server '{}' has an 'agent-check' and no 'agent-port'", server.name))
      .example = fmt::format("server {} {} agent-check agent-port 9707", server.name,
                             server.words.size() > 1 ? server.words[1] : "192.0.2.11:3389");
}

void warn_about_health(const ServerConfig& server, const FinishOptions& options, Diagnostics& diagnostics) {
  if (options.after_errors || server.check_enabled) return;
  if (server.health.observe)
    diagnostics.warning(server.at, fmt::format("server '{}': 'observe' needs a check to adjust", server.name)).hint =
        "add 'check'";
  const bool starts_down =
      server.health.init_state == check::InitState::down || server.health.init_state == check::InitState::fully_down;
  if (starts_down)
    diagnostics.warning(server.at, fmt::format("server '{}' starts down and no check will ever lift it", server.name))
        .hint = "add 'check'";
}

// The command is told where clients come in: at the first bind line that is no socket of a parent process.
void finish_external(const Config& config, const ProxyConfig& proxy, ServerConfig& server) {
  check::CommandWords& external = server.check.external;
  external.keep_environment = config.global.external_check_keeps_environment;
  external.server_maxconn = server.maxconn;
  for (const BindConfig& bind : proxy.binds)
    for (const SocketAddress& address : bind.addresses) {
      if (!address.is_inet() && !address.is_unix()) continue;
      external.proxy_address = address.is_unix() ? address.path() : address.host();
      if (address.is_inet()) external.proxy_port = fmt::format("{}", address.port());
      return;
    }
}

}  // namespace

void finish_server(const Config& config, const ProxyConfig& proxy, ServerConfig& server, const FinishOptions& options,
                   Diagnostics& diagnostics) {
  const ProxySettings& settings = proxy.settings;
  resolve_address(server, options, diagnostics);
  // The same words that mean another address are a change.
  if (!server.spec.host.empty()) server.resolved += fmt::format("at {}\n", server.address.to_string());
  if (!server.resolved.empty()) server.signature += '\n' + server.resolved;
  if (!server.redirect.empty() && settings.mode != Mode::http)
    diagnostics.warning(server.at, fmt::format("server '{}': 'redir' has no effect in TCP mode", server.name)).hint =
        "write 'mode http'";
  if (server.minconn > server.maxconn) {
    // Manual, minconn: without a maxconn it is one itself.
    if (server.maxconn != 0)
      diagnostics.warning(server.at, fmt::format("server '{}' has a 'minconn' above its 'maxconn'", server.name)).hint =
          "'maxconn' is raised to it";
    server.maxconn = server.minconn;
  }
  finish_server_protocol(proxy, server, diagnostics);
  check::CheckConfig& check = server.check;
  check.kind = settings.check_kind;
  if (check.kind == check::Kind::tcp_check) check.steps = settings.check_steps;
  check.probe = settings.probe;
  finish_check_protocol(proxy, server, diagnostics);
  check.external = settings.external;
  finish_agent(server, diagnostics);
  warn_about_health(server, options, diagnostics);
  check.check_timeout = settings.timeouts.check;
  check.connect_timeout = settings.timeouts.connect;
  check.names = {.backend = proxy.name, .backend_id = proxy.id, .server = server.name, .server_id = server.id};
  finish_header(config.global, proxy, server, diagnostics);
  server.connect.receive_buffer = static_cast<int>(config.global.server_rcvbuf);
  server.connect.send_buffer = static_cast<int>(config.global.server_sndbuf);
  if (!server.check_enabled && !server.health.agent.enabled) return;
  if (check.kind == check::Kind::external) finish_external(config, proxy, server);
  check.connect = check_connection(proxy, server);
  if (!server.check_enabled) return;
  finish_tls(config.global, server, options, diagnostics);
  const bool inet = !server.spec.address.is_unix() || check.address.is_inet();
  if (inet && server.port_from_client && check.port == 0 && steps_need_port(check)) {
    auto& wrong =
        diagnostics.error(server.at, fmt::format("server '{}' is checked and has no port to check", server.name));
    wrong.hint = "give the address a port, or say which with 'port'";
    wrong.example =
        fmt::format("server {} {} check port 3389", server.name, server.words.size() > 1 ? server.words[1] : "");
    return;
  }
  if (const auto done = check::complete(check); !done)
    diagnostics.error(server.at, fmt::format("server '{}': {}", server.name, done.error().message));
}

}  // namespace weir::proxy
