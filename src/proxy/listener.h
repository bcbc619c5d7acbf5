// Listeners: an address that a frontend serves, for all workers, and one worker's share of it.
//
// The sockets are never closed while the address is configured, whichever frontend serves it and whatever its options
// become. The ListenerState keeps its identity as long as its name and number stay. Each worker has an acceptor on a
// socket of its own (SO_REUSEPORT) or on the one shared socket (Unix, fd@N).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/acceptor.h"
#include "io/timer.h"
#include "proxy/plan.h"

namespace weir::proxy {

struct WorkerContext;

struct ListenerState {
  SocketAddress address;
  io::ListenOptions options;
  std::string name;
  std::uint32_t id = 0;
  std::atomic<std::uint32_t> maxconn{0};
  Gauge sessions;
  std::atomic<std::uint64_t> accepted{0};
};

/// Belongs to its worker.
struct WorkerListener {
  WorkerContext* worker = nullptr;
  std::shared_ptr<ListenerState> state;
  std::shared_ptr<const FrontendPlan> frontend;
  std::unique_ptr<io::Acceptor> acceptor;
  bool accept_proxy = false;  // as the bind line says now
  std::optional<std::uint32_t> netscaler_magic;
  /// At most one connection that another worker's made one too many: it waits here, as if still in the backlog.
  std::deque<std::pair<io::Fd, SocketAddress>> parked;
  io::Timer rate_timer;  // while a rate is used up: when to look again
};

}  // namespace weir::proxy
