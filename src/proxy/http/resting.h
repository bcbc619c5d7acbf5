// Clients that rest between two requests, where there are many of them.
//
// A session is made for an exchange, and has room for all that one knows. A client that will perhaps send another
// request one day needs a third of that: once a worker has more than a few hundred sessions, what goes idle is kept as
// a record of its connection, and becomes a session again with its next byte, its end or its deadline. Nobody outside
// can tell: the connection, its counts, its tracked entries and variables are the same. What HTTP calls a stream does
// not exist meanwhile. Owned by its worker. Manual: timeout http-keep-alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/tcp/session.h"

namespace weir::proxy {

struct RestingClient {
  RestingClient();
  RestingClient(const RestingClient&) = delete;
  RestingClient& operator=(const RestingClient&) = delete;
  ~RestingClient();

  WorkerContext* worker = nullptr;
  std::size_t place = 0;  // among the worker's
  std::uint64_t serial = 0;
  Side side;
  io::Timer timer;
  std::shared_ptr<const FrontendPlan> frontend;
  std::shared_ptr<ListenerState> listener;
  std::unique_ptr<SessionExtras> extras;
  std::unique_ptr<sample::Variables> variables;
  Tracks* tracks = nullptr;
  TimePoint accepted{};
  WallTime accepted_wall{};
  TimePoint deadline{};
  SocketAddress client;
  SocketAddress local;
  std::uint32_t requests = 0;
  std::uint32_t server_requests = 0;
};
static_assert(sizeof(RestingClient) <= 320);

class RestingClients {
 public:
  /// So few sessions that their room is not worth the trouble.
  static constexpr std::size_t kSessionsKept = 256;

  RestingClients() = default;
  RestingClients(const RestingClients&) = delete;
  RestingClients& operator=(const RestingClients&) = delete;
  ~RestingClients();

  /// Ends the session, which is between two requests and holds nothing; its connection goes on here.
  void add(Session& session);
  /// A session again, as it was.
  Session& wake(RestingClient& client);
  [[nodiscard]] std::size_t count() const { return all_.size(); }
  /// In no order, which changes with each one that comes or goes.
  [[nodiscard]] RestingClient& at(std::size_t place) const { return *all_[place]; }

 private:
  std::vector<std::unique_ptr<RestingClient>> all_;
};

/// Between two requests: where there are many, and nothing ties the connection to its session, it rests and the session
/// is gone. True: so it is.
bool rests(Session& session);

}  // namespace weir::proxy
