// What runs: frontends, backends and servers with their identity, which outlives any plan.
//
// A plan says how things should be; these objects are the things. A reload looks them up by name and keeps them, with
// their sessions, health, weights and counters. Who holds a shared_ptr keeps the object; `removed` says that no plan
// names it any more. Thread rules: plain members are guarded by the backend's lock, Gauges and Rates are for any
// thread, Counters are per worker.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "balance/picker.h"
#include "base/address.h"
#include "base/time.h"
#include "check/health.h"
#include "proxy/broken_message.h"
#include "proxy/counters.h"
#include "proxy/model.h"
#include "proxy/queue.h"

namespace weir::proxy {

/// What filters made of messages, in bytes.
struct CompressionCounters {
  Counter in, out;    // of answers: given to an encoder, and made by it
  Counter bypassed;   // passed by "identity" as they are
  Counter responses;  // that were compressed
  Counter request_in, request_out;
};

struct FrontendCounters {
  Counter connections;  // accepted
  Counter sessions;
  Counter bytes_in;
  Counter bytes_out;
  Counter denied_connections;  // tcp-request connection reject
  Counter denied_sessions;     // tcp-request session reject
  Counter denied_requests;     // tcp-request content reject
  Counter denied_responses;    // tcp-response content reject
  Counter failed_requests;     // ended before there was a request to route
  Counter requests;            // HTTP
  Counter intercepted;         // answered by rules, monitor-uri or the statistics page
  Counter responses[6];        // by the status's first digit; 0: others
  Counter failed_rewrites;
  CompressionCounters compression;
};

struct BackendCounters {
  Counter sessions;
  Counter bytes_in;
  Counter bytes_out;
  Counter denied_requests;
  Counter denied_responses;
  Counter failed_connections;
  Counter failed_responses;
  Counter retries;
  Counter redispatches;
  Counter client_aborts;
  Counter server_aborts;
  Counter picked;
  Counter requests;
  Counter responses[6];
  Counter failed_rewrites;
  Counter connects;  // connections opened for requests
  Counter reuses;    // requests over connections that were there
  CompressionCounters compression;
};

struct ServerCounters {
  Counter sessions;
  Counter bytes_in;
  Counter bytes_out;
  Counter denied_responses;
  Counter failed_connections;
  Counter failed_responses;
  Counter retries;
  Counter redispatches;
  Counter client_aborts;
  Counter server_aborts;
  Counter picked;
  Counter requests;
  Counter responses[6];
  Counter failed_rewrites;
  Counter connects;
  Counter reuses;
  // Connections that rest on this worker: for everybody, those among them that have been reused before, and beside
  // their own clients.
  std::atomic<std::uint32_t> resting{0};
  std::atomic<std::uint32_t> resting_proven{0};
  std::atomic<std::uint32_t> resting_private{0};
};

/// Milliseconds of the last 1024 sessions, averaged: qtime, ctime, ttime of the statistics. Any thread, approximate.
class AverageTime {
 public:
  void add(std::uint32_t ms) {
    const std::uint32_t sum = sum_.load(std::memory_order_relaxed);
    sum_.store(sum - (sum + kWindow - 1) / kWindow + ms, std::memory_order_relaxed);
    if (ms > max_.load(std::memory_order_relaxed)) max_.store(ms, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t value() const { return (sum_.load(std::memory_order_relaxed) + kWindow - 1) / kWindow; }
  [[nodiscard]] std::uint32_t max() const { return max_.load(std::memory_order_relaxed); }
  void clear_max() { max_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t kWindow = 1024;
  std::atomic<std::uint32_t> sum_{0};
  std::atomic<std::uint32_t> max_{0};
};

struct FrontendState {
  FrontendState(std::string proxy_name, unsigned workers) : name(std::move(proxy_name)), counters(workers) {}
  const std::string name;
  PerWorker<FrontendCounters> counters;
  Gauge sessions;
  Rate session_rate;
  Rate connection_rate;
  Rate request_rate;
  std::atomic<std::uint32_t> maxconn{0};  // 0: the process's
  std::atomic<std::uint64_t> log_lines{0};
  std::atomic<bool> disabled{false};  // by the runtime socket
  std::atomic<bool> shut{false};      // by the runtime socket, for good: its listeners are closed
  std::atomic<bool> removed{false};
  LastBroken broken;  // request
};

struct BackendState;
class ServerState;

/// One end of `track`; weak, for servers of two backends may name each other's. Guarded by the lock of
/// proxy/tracking.h.
struct TrackedServer {
  std::weak_ptr<BackendState> backend;
  std::weak_ptr<ServerState> server;
};

class ServerState : public std::enable_shared_from_this<ServerState> {
 public:
  ServerState(BackendState& owner, std::shared_ptr<const ServerConfig> configured, unsigned workers);

  const std::string name;
  const std::uint32_t id;
  BackendState& backend;  // whoever uses it holds the backend too: a session by its plan, a check by itself

  // Guarded by backend.lock.
  std::shared_ptr<const ServerConfig> config;
  SocketAddress address;
  std::uint32_t index = 0;  // into backend.slots
  check::Health health;
  WaitLine line;  // who must have this server
  std::optional<unsigned> runtime_weight;
  std::optional<std::uint32_t> runtime_maxconn;
  bool runtime_address = false;
  std::shared_ptr<const check::CheckConfig> checked_with;  // what its running checks were started with; null: none run
  bool check_running = false;                              // a check is under way: "* " before its status
  bool checks_paused = false;                              // disable health
  TimePoint next_check{};                                  // when the waiting check starts
  AgentSettings agent;                                     // as the runtime socket left it
  std::shared_ptr<const check::CheckConfig> agent_with;    // what its agent's checks were started with; null: none run
  bool agent_running = false;
  bool agent_paused = false;            // disable agent
  std::uint64_t observed_failures = 0;  // the statistics' hanafail
  std::uint64_t check_failures = 0;
  std::uint64_t check_downs = 0;
  TimePoint last_change{};
  Milliseconds downtime{0};
  TimePoint last_session{};
  std::optional<TimePoint> warming_since;  // slowstart: it came back then and is not at full speed yet

  // Guarded by the lock of proxy/tracking.h.
  TrackedServer leader;
  std::vector<TrackedServer> followers;

  // Any thread.
  std::atomic<bool> followed{false};              // somebody tracks it
  std::atomic<std::uint32_t> errors_in_a_row{0};  // observe: connections that failed since one succeeded
  Gauge sessions;
  Gauge queued;
  Gauge idle;  // connections that rest on all workers
  Rate session_rate;
  AverageTime queue_time, connect_time, response_time, total_time;
  PerWorker<ServerCounters> counters;
  std::atomic<bool> removed{false};
};

/// What logs call a server that no line names: BackendState::unlisted, or none at all.
inline constexpr std::string_view kUnlistedServer = "<NOSRV>";

/// What a session asks for.
struct AssignRequest {
  ServerState* wanted = nullptr;    // persistence; usable_by_persistence or it is ignored
  bool wanted_even_down = false;    // option persist
  bool may_give_way = true;         // option redispatch: behind a full queue another server will do
  ServerState* excluded = nullptr;  // redispatch
  std::optional<std::uint32_t> hash = std::nullopt;
  QueuePriority priority;
  Waiter* waiter = nullptr;
  TimePoint now{};
};

struct AssignResult {
  enum class Kind : std::uint8_t { server, queued, no_server, queue_full } kind = Kind::no_server;
  /// Reserved for kind server; the one whose line it is for the others, null when any server would do.
  std::shared_ptr<ServerState> server;
  SocketAddress address;
  std::shared_ptr<const ServerConfig> config;
  bool gave_way = false;           // behind a full queue persistence gave way to another server
  std::uint32_t server_queue = 0;  // its place in the line, from 1, for kind queued
  std::uint32_t backend_queue = 0;
};

struct BackendState : std::enable_shared_from_this<BackendState> {
  BackendState(std::string proxy_name, unsigned workers) : name(std::move(proxy_name)), counters(workers) {}
  const std::string name;

  mutable std::mutex lock;
  // Guarded by lock.
  std::vector<balance::ServerSlot> slots;
  std::vector<std::shared_ptr<ServerState>> servers;  // parallel to slots
  std::unique_ptr<balance::Picker> picker;
  WaitLine line;
  std::uint32_t fullconn = 0;
  bool dynamic_limits = false;  // some server has a minconn
  bool up = true;
  TimePoint last_change{};
  Milliseconds downtime{0};
  std::uint64_t down_transitions = 0;
  TimePoint last_session{};
  std::optional<bool> dynamic_cookie;             // what the runtime socket says instead of the configuration
  std::optional<std::string> dynamic_cookie_key;  // the same
  std::shared_ptr<ServerState> unlisted;  // dispatch, option transparent: where sessions without a server go; or null

  // Any thread.
  std::atomic<bool> cookies_changed{false};  // one of the two dynamic_cookie above is set
  std::atomic<bool> published{true};         // `unpublish backend`: rules of other proxies pass it by
  Gauge sessions;
  Gauge queued;  // in its own line, waiting for any server; the servers count theirs
  Rate session_rate;
  AverageTime queue_time, connect_time, response_time, total_time;
  PerWorker<BackendCounters> counters;
  std::atomic<bool> removed{false};
  LastBroken broken;  // answer

  /// Picks and reserves in one critical section, or puts the waiter into a line.
  AssignResult assign(const AssignRequest& request);
  /// A reserved or used slot is free again: it goes to the next waiter, who is told through its worker. Call without
  /// the lock.
  void release(ServerState& server);
  /// Takes the waiter out of whatever line it stands in. A slot that was already granted is passed on.
  void leave_line(Waiter& waiter);
  /// The granted server of this waiter, taken out of it; null when there is none.
  std::shared_ptr<ServerState> take_grant(Waiter& waiter);
  /// Whether somebody who insists on this server may have it; `even_down`: option persist, force-persist. Holds the
  /// lock.
  [[nodiscard]] bool may_be_given(const ServerState& server, bool even_down) const;
  /// slowstart: the server came back now; raises its share from here on. Holds the lock.
  void start_warming(ServerState& server, TimePoint now);
  /// Brings the shares of warming servers up to date; false when none is left. Holds the lock.
  bool warm_up(TimePoint now);
  /// After a health, weight, drain or maxconn change. Holds the lock.
  void refresh_slot(ServerState& server);
  /// The list of servers changed, `slots` is parallel to it again and knows served and queued: balancing starts anew
  /// with this picker. Holds the lock.
  void rebuild(std::unique_ptr<balance::Picker> next_picker);
  /// Waiters of a server that went down go back to their workers to be assigned anew; servers with room call waiters.
  /// Holds the lock.
  std::uint32_t requeue_waiters(ServerState& server);
  void serve_waiters();

  [[nodiscard]] ServerState* find_server(std::string_view server_name) const;  // holds the lock
  struct Live {
    unsigned active = 0;
    unsigned backup = 0;
  };
  [[nodiscard]] Live live_servers() const;  // holds the lock

 private:
  std::uint32_t waiting_ = 0;  // in all lines together; guarded by lock
  std::uint32_t warming_ = 0;  // servers in their slow start; guarded by lock

  void describe(ServerState& server);
  bool may_serve(std::uint32_t index) const;
  void update_limits();
  std::uint32_t limit_of(const ServerState& server) const;
  void reserve(ServerState& server);
  AssignResult reserved(ServerState& server, TimePoint now);
  [[nodiscard]] AssignResult without_a_server() const;
  AssignResult wait_in(WaitLine& chosen, const AssignRequest& request);
  AssignResult wait_for(ServerState& server, const AssignRequest& request);
  void take_out(Waiter& waiter);
  void grant(Waiter& waiter, ServerState& server);
};

/// How a worker is told that its waiter got a slot, or must ask again (server null). Set once at start.
using GrantPost = void (*)(const SessionHandle& who);
void set_grant_post(GrantPost post);

}  // namespace weir::proxy
