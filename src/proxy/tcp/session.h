// A TCP session: one client connection, the server it was given, and the bytes between them.
//
// One plain struct in the worker's slots, no coroutine: its whole life is a handful of phases, each entered once by a
// function named after it, and every event (bytes, FIN, a timer, a freed slot, a command) ends in advance(). It can be
// shown, killed and written out at any point because nothing of it lives on a stack.
//
//   (handshake ->) inspecting -> routing -> queued -> connecting -> (pausing -> connecting)* -> relaying -> closed
//
// Owned by its worker; other threads name it by SessionHandle. Two sides (sockets), two flows (directions).
// Idle sessions hold no buffer: bytes are read into the worker's scratch buffer and sent at once; only what the other
// side would not take is kept. Large transfers go through a pipe (splice(2)) and are never copied.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/address.h"
#include "base/time.h"
#include "io/reactor.h"
#include "io/splice.h"
#include "io/timer.h"
#include "proxy/connection_error.h"
#include "proxy/listener.h"
#include "proxy/plan.h"
#include "proxy/queue.h"

namespace weir::proxy {

struct Tracks;
struct HttpExchange;
struct IdleConnection;

enum class Phase : std::uint8_t {
  free,
  handshake,
  requesting,  // HTTP: between requests, or the head is not complete yet
  inspecting,
  tarpit,  // HTTP: a rule keeps the client waiting
  queued,
  connecting,
  pausing,
  relaying
};

/// Manual 8.5, the first letter: who ended it; the second: during what. The first event wins.
enum class EndedBy : char {
  nobody = '-',
  client = 'C',
  server = 'S',
  proxy = 'P',
  local = 'L',
  resource = 'R',
  internal = 'I',
  server_down = 'D',
  backup_no_more = 'U',
  admin = 'K',
  client_timeout = 'c',
  server_timeout = 's'
};

struct Side {
  int fd = -1;
  io::Token token{};
  TimePoint last_read{};
  TimePoint last_write{};
  bool connected = false;
  bool plain = false;         // towards the server: no option but TCP_NODELAY was set
  ConnectionError error = 0;  // the last one it met
};

/// Bytes on their way in one direction.
struct Flow {
  char* buffer = nullptr;      // from the worker's pool; only while bytes are held back
  std::uint32_t start = 0;     // first byte not sent yet
  std::uint32_t end = 0;       // one past the last byte read
  io::Pipe* pipe = nullptr;    // only while it holds bytes
  std::uint64_t total = 0;     // bytes handed to the sink's socket
  std::uint64_t reported = 0;  // of them, how many the counters know
  std::int64_t saved = 0;      // how many fewer a filter made of what was received
  bool readable = false;       // the source may have bytes or a FIN
  bool to_end = false;         // the event carried RDHUP, HUP or ERR: read until 0
  bool blocked = false;        // the sink would take no more
  bool ended = false;          // the source's FIN was read
  bool fin_sent = false;       // and passed on
  bool large = false;          // the last read filled its buffer: splice
  /// Of what left, how much it was as it came.
  [[nodiscard]] std::uint64_t received() const {
    if (saved < 0 && total < static_cast<std::uint64_t>(-saved)) return 0;  // what it grew by has not left yet
    return total + static_cast<std::uint64_t>(saved);
  }
  [[nodiscard]] bool holds_bytes() const { return end != start || (pipe != nullptr && pipe->held != 0); }
};

/// What the log line and `show sess` say about it.
struct SessionFacts {
  WallTime accepted_wall{};
  TimePoint accepted{};
  TimePoint queued{};           // the first time it asked for a server; epoch: never
  TimePoint queue_left{};       // a server was assigned, or the wait was given up
  TimePoint connect_started{};  // served from the queue, or not queued at all
  TimePoint connect_finished{};
  TimePoint request_began{};  // HTTP: its first byte, its last byte of the head, the answer's head
  TimePoint request_complete{};
  TimePoint response_began{};
  SocketAddress client;
  SocketAddress local;   // filled when a rule, the log or a server without a port asks
  SocketAddress source;  // our address towards the server
  SocketAddress server;  // where the last attempt went
  std::uint16_t retries = 0;
  bool redispatched = false;
  std::uint32_t server_queue = 0;
  std::uint32_t backend_queue = 0;
  EndedBy ended_by = EndedBy::nobody;
  char ended_in = '-';
};

struct SessionExtras;  // extras.h

struct Session {
  Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Phase phase = Phase::free;
  std::uint32_t slot = 0;
  std::uint32_t generation = 1;
  std::uint64_t serial = 0;  // unique in the process; `show sess` prints it
  WorkerContext* worker = nullptr;
  Session* previous = nullptr;  // the worker's list of live sessions
  Session* next = nullptr;

  Side client;
  Side server;
  Flow request;   // client to server
  Flow response;  // server to client
  io::Timer timer;

  std::shared_ptr<const Plan> plan;  // until relaying
  std::shared_ptr<const FrontendPlan> frontend;
  std::shared_ptr<const BackendPlan> backend;
  std::shared_ptr<ServerState> target;
  std::shared_ptr<const ServerConfig> target_config;  // as it was when the server was chosen
  std::shared_ptr<ListenerState> listener;
  SessionFacts facts;
  std::unique_ptr<SessionExtras> extras;  // what few sessions have; null for most
  Waiter waiter;
  Tracks* tracks = nullptr;                        // the table entries its rules track; null: none
  TimePoint phase_deadline = TimePoint::max();     // of inspecting, queued, connecting, pausing
  TimePoint response_deadline = TimePoint::max();  // tcp-response inspect-delay, while `judging_response`
  std::unique_ptr<sample::Variables> variables;    // null: none was set
  const Rule* last_rule = nullptr;                 // the content rule that decided; in `frontend` or `backend`
  std::uint16_t next_content_rule = 0;
  std::uint16_t next_response_rule = 0;
  std::uint8_t attempts_left = 0;
  bool routed = false;  // the backend's own content rules are being asked
  bool counted_in_backend = false;
  bool holds_slot = false;     // `target` counts it as served
  bool persistent = false;     // the server was named by a table or a cookie, not picked
  bool force_persist = false;  // the first persistence rule of the backend that holds says so
  bool ignore_persist = false;
  bool logged = false;
  bool answered = false;          // the server's first bytes were seen
  bool judging_response = false;  // tcp-response rules have not decided yet: the server's bytes are held
  bool silent_drop = false;       // the client is not told of the end
  bool is_http = false;           // proxy/http/ drives it
  enum class Switched : std::uint8_t { no, in_frontend, behind_it } switched = Switched::no;  // from TCP to HTTP
  std::uint32_t requests = 0;            // HTTP: how many this connection has brought
  std::uint32_t server_requests = 0;     // HTTP: how many the server's connection has carried before
  std::size_t head_scanned = 0;          // HTTP: of the request's head being read
  HttpExchange* http = nullptr;          // HTTP: the request being served; null between requests
  IdleConnection* own_server = nullptr;  // HTTP: a server's connection that serves nobody else, while it rests
  bool reassign = false;  // the last attempt failed: the next one is a new choice, not a retry of the same server

  [[nodiscard]] SessionHandle handle() const;
};

// The phases, in order. Each is entered by one function; every one of them may end the session, after which the slot is
// free and the reference must not be used.

/// A new connection of this listener. The connection rules have not been asked yet.
void open_session(WorkerListener& listener, io::Fd connection, const SocketAddress& peer);
/// The slot that this session waited for was granted, or it must ask again.
void resume_queued(Session& session);
/// Ends it now. `by` and `in` are the termination state unless an earlier event already decided it.
void close_session(Session& session, EndedBy by, char in);
/// Ends it for a reason from outside (the socket, a server marked down): the second letter is the phase's own.
void kill_session(Session& session, EndedBy by);
/// One more log line, now; what is logged at the end does not change. `profile`: by that one for every target; empty:
/// as for other lines.
void log_now(Session& session, LogOrigin origin, std::string_view profile);
/// What the phase puts into the termination state's second letter.
char phase_letter(Phase phase);
/// Sets the timer to the earliest deadline of the phase it is in.
void arm_timer(Session& session);
/// Where the client has connected to, or what a rule or a PROXY header put in its place. The kernel is asked at first
/// need.
const SocketAddress& local_address(Session& session);
/// Adds what moved since the last call to the counters of frontend, backend and server.
void report_bytes(Session& session);
/// Fills `context` with the session's facts; the referenced parts live in `parts`.
struct ContextParts {
  sample::ConnectionFacts client;
  sample::ConnectionFacts server;
  sample::Payload request;
  sample::Payload response;
  sample::HttpMessage http_request;
  sample::HttpMessage http_response;
};
sample::Context make_context(Session& session, ContextParts& parts, bool final);

}  // namespace weir::proxy
