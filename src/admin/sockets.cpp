#include "admin/sockets.h"

#include <algorithm>

namespace weir::admin {

void Sockets::install(std::vector<Wanted> wanted, const proxy::GlobalConfig& global) {
  if (closed.load(std::memory_order_acquire)) return;
  timeout = global.stats_timeout;
  maxconn = global.stats_maxconn;
  most_payload = static_cast<std::size_t>(global.cli_payload);
  io::Worker& worker = *control.engine().process().contexts.front()->io;
  std::map<std::string, std::shared_ptr<Socket>> next;
  for (Wanted& entry : wanted) {
    std::shared_ptr<Socket> socket;
    if (const auto running = served.find(entry.key); running != served.end()) {
      socket = running->second;
    } else {
      socket = std::make_shared<Socket>();
      socket->owner = this;
      socket->self = socket;
      socket->acceptor =
          std::make_unique<io::Acceptor>(worker, std::move(entry.socket), &Sockets::accepted, socket.get());
      socket->acceptor->start();
    }
    socket->address = entry.address;
    socket->name = entry.name;
    socket->level = entry.level;
    socket->severity = entry.severity;
    socket->exposes_sockets = entry.exposes_sockets;
    next.emplace(entry.key, std::move(socket));
  }
  for (auto& [key, socket] : served)
    if (!next.contains(key)) socket->acceptor.reset();
  served = std::move(next);
  session_ended();  // a larger stats maxconn has room at once
}

void Sockets::close() {
  for (auto& [key, socket] : served) socket->acceptor.reset();
  served.clear();
}

void Sockets::accepted(void* object, io::Fd connection, const SocketAddress& peer) {
  Socket& socket = *static_cast<Socket*>(object);
  Sockets& all = *socket.owner;
  proxy::WorkerContext& worker = *all.control.engine().process().contexts.front();
  worker.activities.spawn(serve_session, all.shared_from_this(), socket.self.lock(), std::move(connection), peer);
  // Further clients wait in the backlog.
  if (all.maxconn != 0 && all.sessions.size() >= all.maxconn)
    for (auto& [key, other] : all.served) other->acceptor->pause();
}

void Sockets::session_ended() {
  if (maxconn != 0 && sessions.size() >= maxconn) return;
  for (auto& [key, socket] : served)
    if (socket->acceptor->paused() && !socket->acceptor->starved()) socket->acceptor->resume();
}

}  // namespace weir::admin
