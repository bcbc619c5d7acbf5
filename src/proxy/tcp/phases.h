// How the phases of a session hand it on, for the files of this folder only.
#pragma once

#include "proxy/tcp/session.h"

namespace weir::proxy {

// open.cpp -> inspect.cpp -> connect.cpp -> exchange.cpp (judge.cpp) -> close.cpp
void begin_inspection(Session& session);  // content rules of the frontend, then of the backend
/// Again, with more bytes or at the deadline. `input_over`: the client died or said nothing for too long, so that rules
/// must decide now and the session ends for that reason when they let it through.
void inspect(Session& session, EndedBy input_over = EndedBy::nobody);
void ask_for_server(Session& session);  // persistence, balancing, queue
void begin_connect(Session& session, AssignResult assigned);
void server_connected(Session& session);
void connect_failed(Session& session, bool timed_out);
void retry_connect(Session& session);  // the pause after a failed attempt is over
void begin_exchange(Session& session);
void exchange(Session& session);  // pumps both flows

// judge.cpp
enum class Judgement : std::uint8_t { over, waiting, closed };
/// The exchange begins: whether anything will look at the server's first bytes.
void begin_judging(Session& session);
/// Asks again, with what the server has said by now. Over: its bytes may pass. Closed: the session is gone.
Judgement judge_response(Session& session);

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

// open.cpp
void log_connect(Session& session);  // "Connect from ..."

// close.cpp
void close_server_side(Session& session, bool reset);
/// Gives the server's slot back, to whoever waits.
void release_target(Session& session);
void write_log(Session& session);

}  // namespace weir::proxy
