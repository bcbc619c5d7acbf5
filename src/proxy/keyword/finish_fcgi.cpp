// What fcgi-app sections, the backends that use them and their servers say of each other, once all of it is known.
#include <fmt/format.h>

#include <algorithm>

#include "proxy/http/fcgi_app.h"
#include "proxy/keyword/build.h"
#include "proxy/keyword/fcgi.h"

namespace weir::proxy {

void join_fcgi_apps(Build& build, Diagnostics& diagnostics) {
  for (const auto& [name, section] : build.fcgi_apps) {
    if (section.defined) continue;
    std::vector<std::string_view> names;
    for (const auto& [other, its] : build.fcgi_apps)
      if (its.defined) names.push_back(other);
    const auto near = nearest_word(name, names);
    auto& wrong = diagnostics.error(section.named_at, fmt::format("there is no fcgi-app section '{}'", name));
    if (!near.empty()) wrong.hint = fmt::format("did you mean '{}'?", near);
  }
  for (const auto& proxy : build.config.proxies) {
    HttpSettings& settings = proxy->settings.http;
    const FcgiApp* app = settings.fcgi_app.get();
    if (app == nullptr) continue;
    proxy->names.push_back(app->names);
    proxy->lines.insert(proxy->lines.end(), app->lines.begin(), app->lines.end());
    // Manual, option http-restrict-req-hdr-names: with an application, other names would become those of its
    // parameters.
    if (!settings.restrict_names_written) settings.restrict_names_delete = true;
  }
}

void finish_fcgi(const ProxyConfig& proxy, Diagnostics& diagnostics) {
  const FcgiApp* app = proxy.settings.http.fcgi_app.get();
  const auto& filters = proxy.fcgi_filters;
  for (const NamedAt& filter : filters)
    if (app == nullptr || filter.name != app->name)
      diagnostics.error(filter.at, fmt::format("{} has no 'use-fcgi-app {}'", title(proxy), filter.name));
  if (app == nullptr) return;
  if (proxy.settings.mode != Mode::http) {
    diagnostics.error(proxy.at, fmt::format("{} uses a FastCGI application and is in TCP mode", title(proxy))).hint =
        "write 'mode http'";
    return;
  }
  if (std::ranges::none_of(proxy.servers, &ServerConfig::fcgi))
    diagnostics.error(proxy.at, fmt::format("{} uses a FastCGI application and has no server for it", title(proxy)))
        .example = "server php1 192.0.2.11:9000 proto fcgi";
  // Manual 9.5: who uses other filters says in which order they work.
  if (!proxy.bandwidth_filters.empty() && filters.empty())
    diagnostics
        .error(proxy.bandwidth_filters.front().at,
               fmt::format("{} uses a FastCGI application and other filters: a 'filter' line says in which order they "
                           "work",
                           title(proxy)))
        .hint = fmt::format("write 'filter fcgi-app {}' before or behind this line", app->name);
}

void finish_server_protocol(const ProxyConfig& proxy, const ServerConfig& server, Diagnostics& diagnostics) {
  if (server.proto.empty()) return;
  const bool http = proxy.settings.mode == Mode::http;
  const FcgiApp* app = proxy.settings.http.fcgi_app.get();
  if (http == (server.proto == "none")) {
    diagnostics.error(server.at, fmt::format("server '{}': {} is in {} mode, where there is no 'proto {}'", server.name,
                                             title(proxy), http ? "HTTP" : "TCP", server.proto));
  } else if (!server.fcgi) {
    return;
  } else if (app == nullptr) {
    diagnostics
        .error(server.at,
               fmt::format("server '{}' speaks FastCGI and {} has no 'use-fcgi-app'", server.name, title(proxy)))
        .example = "use-fcgi-app php";
  }
}

void finish_check_protocol(const ProxyConfig& proxy, ServerConfig& server, Diagnostics& diagnostics) {
  const bool http = server.check.kind == check::Kind::http;
  const std::string& protocol = server.check_proto;
  if (!protocol.empty() && http == (protocol == "none")) {
    diagnostics
        .error(server.at,
               fmt::format("server '{}': its checks do not speak what 'check-proto {}' says", server.name, protocol))
        .hint = http ? "'option httpchk' has fcgi and h1" : "without 'option httpchk' there is 'none' only";
    return;
  }
  if (!http || (protocol.empty() ? !server.fcgi : protocol != "fcgi")) return;
  const FcgiApp* app = proxy.settings.http.fcgi_app.get();
  if (app == nullptr) {
    if (!server.fcgi)
      diagnostics.error(server.at, fmt::format("server '{}': its checks speak FastCGI and {} has no 'use-fcgi-app'",
                                               server.name, title(proxy)));
    return;
  }
  server.check.probe.http.fcgi = {
      .docroot = app->docroot, .index = app->index, .path_info_text = app->path_info_text, .path_info = app->path_info};
  if (check::fcgi_request(server.check.probe.http, nullptr).empty())
    diagnostics
        .error(server.at, fmt::format("server '{}': its checks ask for '{}', which names no script", server.name,
                                      server.check.probe.http.uri))
        .example = "option httpchk GET /ping.php";
}

}  // namespace weir::proxy
