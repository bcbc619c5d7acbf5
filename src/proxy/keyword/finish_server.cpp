#include "proxy/keyword/finish_server.h"

#include <fmt/format.h>

#include <algorithm>

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

void finish_server(const Config& config, const ProxyConfig& proxy, ServerConfig& server, const FinishOptions& options,
                   Diagnostics& diagnostics) {
  const ProxySettings& settings = proxy.settings;
  resolve_address(server, options, diagnostics);
  if (server.minconn > server.maxconn) {
    // Manual, minconn: without a maxconn it is one itself.
    if (server.maxconn != 0)
      diagnostics.warning(server.at, fmt::format("server '{}' has a 'minconn' above its 'maxconn'", server.name)).hint =
          "'maxconn' is raised to it";
    server.maxconn = server.minconn;
  }
  check::CheckConfig& check = server.check;
  check.kind = settings.check_kind;
  if (check.kind == check::Kind::tcp_check) check.steps = settings.check_steps;
  check.check_timeout = settings.timeouts.check;
  check.connect_timeout = settings.timeouts.connect;
  check.names = {.backend = proxy.name, .backend_id = proxy.id, .server = server.name, .server_id = server.id};
  if (!server.check_enabled) return;
  server.connect.receive_buffer = static_cast<int>(config.global.server_rcvbuf);
  server.connect.send_buffer = static_cast<int>(config.global.server_sndbuf);
  check.connect = check_connection(proxy, server);
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
