// How the phases of a session hand it on, for the files of this folder only.
#pragma once

#include "proxy/tcp/session.h"

namespace weir::proxy {

// open.cpp -> inspect.cpp -> connect.cpp -> exchange.cpp (judge.cpp) -> close.cpp
/// A session from here on: after the connection rules, and after the header that stands first.
void begin_session(Session& session);
void begin_inspection(Session& session);  // content rules of the frontend, then of the backend
/// Again, with more bytes or at the deadline. `input_over`: the client died or said nothing for too long, so that rules
/// must decide now and the session ends for that reason when they let it through.
void inspect(Session& session, EndedBy input_over = EndedBy::nobody);
/// By use_backend and default_backend; null: there is none.
std::shared_ptr<const BackendPlan> choose_backend(Session& session);
void enter_backend(Session& session);
void ask_for_server(Session& session);  // persistence, balancing, queue
void begin_connect(Session& session, AssignResult assigned);
void open_server_connection(Session& session);  // when none that rests can be used
void wait_for_connection(Session& session);     // for `timeout connect`
void server_connected(Session& session);
void connect_failed(Session& session, bool timed_out);
/// Another attempt at once, after a failed answer.
void send_again(Session& session);
void retry_connect(Session& session);  // the pause after a failed attempt is over
void begin_exchange(Session& session);
void exchange(Session& session);  // pumps both flows

// judge.cpp
enum class Judgement : std::uint8_t { over, waiting, closed };
/// The exchange begins: whether anything will look at the server's first bytes.
void begin_judging(Session& session);
/// Asks again, with what the server has said by now. Over: its bytes may pass. Closed: the session is gone.
Judgement judge_response(Session& session);
// handshake.cpp
void begin_handshake(Session& session);  // the client's header is read before anything else
void read_handshake(Session& session);
void handshake_timer(Session& session);

// proxy_header.cpp
/// Sends the header that the server's line asks for, with the client's first bytes. False: not all of it left, or the
/// attempt or the session is over.
bool send_proxy_header(Session& session);
/// By the frontend's unique-id-format; empty without one.
std::string_view unique_id_of(const Session& session);

// events.cpp
/// The client has been silent for longer than its timeout.
bool client_idle_too_long(const Session& session);

// Callbacks of the reactor and the timer.
void on_client_event(void* session, std::uint32_t events);
void on_server_event(void* session, std::uint32_t events);
void on_session_timer(void* session);

// sticking.cpp
/// The server that use-server rules, stick rules or an RDP cookie name, when one is known.
std::shared_ptr<ServerState> persistent_server(Session& session);
/// Asks `force-persist` and `ignore-persist`, once the backend is known.
void note_persistence(Session& session);
/// The key that the balancing algorithm hashes; nullopt when it has none or the session lacks it.
std::optional<std::uint32_t> balance_hash(Session& session);
/// Remembers the server in the tables that `stick on` and `store-request` name.
void store_request_sticking(Session& session);
/// The same for store-response, once the server spoke.
void store_response_sticking(Session& session);

// close.cpp
void close_server_side(Session& session, bool reset);
/// Gives the server's slot back, to whoever waits.
void release_target(Session& session);

// logging.cpp
/// The session's one line, unless `log-steps` leaves it out.
void write_log(Session& session, LogOrigin origin);
/// One more line, at a step of the session that `log-steps` names.
void write_step(Session& session, LogOrigin origin);
inline void log_at(Session& session, LogOrigin origin) {
  if ((session.frontend->log.steps & bit_of(step_of(origin))) != 0) [[unlikely]]
    write_step(session, origin);
}
/// "Connect from ...", where the frontend has no format: as soon as a connection, or an HTTP request, is there.
void log_plain_connect(Session& session);
/// The line of a client whose header was wrong or did not come.
void log_handshake_failure(Session& session, LogOrigin origin);

/// Manual, option dontlog-normal: nothing went wrong so far.
[[nodiscard]] bool is_normal(const Session& session);

}  // namespace weir::proxy
