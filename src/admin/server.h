// The runtime socket: `stats socket` lines, their connections, and the commands people and scripts send there.
//
// One idea: a session is a coroutine on worker 0 that reads a line, runs its commands one after the other and writes
// what they say; whatever belongs to another worker is asked for there (on_worker.h), never read across threads.
// Answers go out in pieces as the client takes them, so neither a slow client nor a million entries cost more than one
// buffer. Listening sockets keep their identity over reloads by address. Manual: management 9.3; `stats socket`,
// `stats timeout`, `stats maxconn`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "proxy/control.h"
#include "proxy/model.h"

namespace weir::admin {

struct Sockets;

class Server {
 public:
  explicit Server(proxy::Control& control);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Makes the sockets of this configuration the served ones: an address that was served already keeps its socket, new
  /// ones are opened, removed ones close. From the control thread, before or while the workers run. On an error nothing
  /// has changed.
  Result<void> serve(const proxy::GlobalConfig& global);

  /// One log line per frontend, backend and server, as SIGHUP asks for.
  void log_state();

  /// The memory of the workers on the terminal, what is unused given back, as SIGQUIT asks for.
  void dump_and_flush_pools();

 private:
  proxy::Control& control_;
  std::shared_ptr<Sockets> sockets_;
  std::vector<std::string> keys_;  // what is served, as the control thread knows it
};

}  // namespace weir::admin
