// FastCGI applications once all of the configuration has been read.
#pragma once

#include "base/diagnostics.h"
#include "config/parser.h"
#include "proxy/model.h"

namespace weir::proxy {

struct Build;

config::Target open_fcgi_app(config::ParseContext& context);
void close_fcgi_app(config::ParseContext& context);

/// Lines that name applications which are not there; what the others say becomes a part of their backends.
void join_fcgi_apps(Build& build, Diagnostics& diagnostics);

/// The backend as a whole: its servers, its mode, its filters.
void finish_fcgi(const ProxyConfig& proxy, Diagnostics& diagnostics);

/// One server: whether it may speak what `proto` says.
void finish_server_protocol(const ProxyConfig& proxy, const ServerConfig& server, Diagnostics& diagnostics);
/// What its checks speak, once their kind is known.
void finish_check_protocol(const ProxyConfig& proxy, ServerConfig& server, Diagnostics& diagnostics);

}  // namespace weir::proxy
