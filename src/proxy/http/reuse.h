// Connections to servers that rest between two requests.
//
// A worker keeps its own, per server, the one used last on top: it is the warmest, and those below are the ones that
// pool-purge-delay thins out. A resting connection is a small record in the reactor's place of the session: the server
// closing it, or saying anything at all, ends it. Manual: http-reuse, pool-max-conn, pool-low-conn, pool-purge-delay,
// max-reuse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "io/reactor.h"
#include "io/timer.h"

namespace weir::proxy {

struct Session;
struct WorkerContext;
class ServerState;
struct ServerConfig;

struct IdleConnection {
  int fd = -1;
  io::Token token{};
  WorkerContext* worker = nullptr;
  std::shared_ptr<ServerState> server;
  std::shared_ptr<const ServerConfig> config;  // as it was when the connection was last used
  SocketAddress address;                       // where it leads
  SocketAddress source;
  TimePoint since{};
  std::string name;            // pool-conn-name
  std::uint32_t served = 0;    // requests so far
  bool logged_in = false;      // its client has logged in over it (NTLM, Negotiate) and should come back to it
  bool shared_before = false;  // another client's request has gone over it: it is known to work
  bool plain = false;          // Side::plain
  bool sent_body = false;      // with its last request, which may have been answered before it arrived
  IdleConnection* older = nullptr;
  IdleConnection* newer = nullptr;
};

/// What a request can use.
struct IdleWish {
  SocketAddress address;
  std::string name;                          // pool-conn-name
  std::optional<std::uint32_t> most_served;  // max-reuse
  bool fcgi = false;                         // it speaks FastCGI
  bool looks = false;                        // it may not be sent twice: over no connection that is closed already
  bool only_proven = false;                  // http-reuse aggressive, of a connection's first request
  [[nodiscard]] bool fits(const IdleConnection& one) const;
};

/// Those of one server on one worker, the last used first.
struct IdleList {
  IdleConnection* newest = nullptr;
  IdleConnection* oldest = nullptr;
  std::size_t count = 0;
};

class IdlePool {
 public:
  IdlePool() = default;
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;
  ~IdlePool();

  void add(WorkerContext& worker, std::unique_ptr<IdleConnection> connection);
  /// The last used one that fits, out of the pool.
  std::unique_ptr<IdleConnection> take(const ServerState& server, const IdleWish& wish);
  /// The one that has rested longest; null: none does.
  std::unique_ptr<IdleConnection> take_oldest(const ServerState& server);
  /// Closes it: the server did, or said something that nobody asked for.
  void drop(IdleConnection& connection);
  /// Manual, pool-purge-delay: half of those that have rested for that long.
  void purge(TimePoint now);
  void clear();
  [[nodiscard]] std::size_t size() const { return size_; }
  /// A record to fill in; those of connections that went back to work are used again.
  std::unique_ptr<IdleConnection> record();
  void keep_record(std::unique_ptr<IdleConnection> record);

 private:
  std::unique_ptr<IdleConnection> remove(IdleList& list, IdleConnection* connection);
  static void on_event(void* connection, std::uint32_t events);
  static void on_timer(void* pool);
  void close(std::unique_ptr<IdleConnection> connection);

  static constexpr std::size_t kRecords = 256;
  std::vector<std::unique_ptr<IdleConnection>> records_;
  std::unordered_map<const ServerState*, IdleList> lists_;
  std::size_t size_ = 0;
  WorkerContext* worker_ = nullptr;
  std::uint16_t id_ = 0;  // its worker's
  io::Timer timer_;
};

/// The connection is the session's from here on; it is in the worker's epoll set.
void use_idle_connection(Session& session, std::unique_ptr<IdleConnection> connection);
/// Whether one more may rest: within pool-max-conn, and never more than the server has served at once.
bool has_room(const ServerState& server, const ServerConfig& config);

}  // namespace weir::proxy
