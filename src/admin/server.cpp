#include "admin/server.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/pools.h"
#include "admin/sockets.h"
#include "admin/state_log.h"

namespace weir::admin {
namespace {

// Where the line says nothing: clients beyond `stats maxconn` wait there.
constexpr int kBacklog = 1024;

// As `show cli sockets` writes it.
std::string shown_name(const SocketAddress& address) {
  return address.family() == AddressFamily::unix_path ? "unix@" + address.path() : address.to_string();
}

}  // namespace

Server::Server(proxy::Control& control) : control_(control), sockets_(std::make_shared<Sockets>(control)) {}

// Sessions are activities of worker 0 and end with it; here only the listening sockets go.
Server::~Server() {
  sockets_->closed.store(true, std::memory_order_release);
  const auto& contexts = control_.engine().process().contexts;
  if (!contexts.empty()) contexts.front()->io->post([sockets = sockets_] { sockets->close(); });
}

Result<void> Server::serve(const proxy::GlobalConfig& global) {
  std::vector<Sockets::Wanted> wanted;
  std::vector<std::string> keys;
  for (const proxy::BindConfig& bind : global.stats_sockets) {
    for (const SocketAddress& address : bind.addresses) {
      Sockets::Wanted entry;
      entry.key =
          fmt::format("{}|{}|{}|{}|{}", address.to_string(), bind.options.interface, bind.options.mode.value_or(0),
                      bind.options.owner.value_or(0), bind.options.group.value_or(0));
      entry.address = address;
      entry.name = shown_name(address);
      entry.level = level_named(bind.cli_level);
      entry.severity = severity_named(bind.cli_severity).value_or(SeverityOutput::none);
      entry.exposes_sockets = bind.cli_expose_fd;
      if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
      keys.push_back(entry.key);
      if (std::find(keys_.begin(), keys_.end(), entry.key) == keys_.end()) {
        io::ListenOptions options = bind.options;
        if (options.backlog == 0) options.backlog = kBacklog;
        auto inherited = control_.engine().inherited().take(address, options);
        auto opened = inherited.empty() ? control_.engine().opener().listen(address, options)
                                        : Result<io::Fd>(std::move(inherited.front()));
        if (!opened) return fail(fmt::format("stats socket {}: {}", entry.name, opened.error().message));
        entry.socket = std::move(*opened);
      }
      wanted.push_back(std::move(entry));
    }
  }
  keys_ = std::move(keys);
  control_.engine().process().contexts.front()->io->post(
      [sockets = sockets_, entries = std::move(wanted),
       settings = std::make_shared<proxy::GlobalConfig>(global)]() mutable {
        sockets->install(std::move(entries), *settings);
      });
  return {};
}

void Server::log_state() {
  proxy::WorkerContext* worker = control_.engine().process().contexts.front().get();
  worker->io->post([worker] { admin::log_state(*worker); });
}

void Server::dump_and_flush_pools() { admin::dump_and_flush_pools(control_.engine().process()); }

}  // namespace weir::admin
