// How a request is handed on, for the files of this folder and the few places in tcp/ where HTTP branches off.
#pragma once

#include "proxy/http/exchange.h"
#include "proxy/tcp/phases.h"

namespace weir::proxy {

// request.cpp: the client's connection
/// A request's, now the session's; given back by give_exchange_back().
HttpExchange& take_exchange(Session& session);
/// The session rules let it pass: the first request is awaited.
void begin_http(Session& session);
/// More bytes of a head, or the client's end.
void read_request(Session& session);
/// An exchange is over and the client may send another request.
void next_request(Session& session);
/// Soft stop: clients that wait between two requests are let go.
void close_waiting_clients(WorkerContext& worker);

/// A `listen` section serves this session on both sides: its rules are asked once.
[[nodiscard]] inline bool one_section(const Session& session) {
  return session.backend->config->name == session.frontend->config->name;
}
/// Walks one rule set of the exchange, from where it stopped. `response_unseen`: the answer has not begun for them.
enum class Of : std::uint8_t { request, response, response_unseen };
Verdict ask_rules(Session& session, const std::vector<Rule>& rules, const RuleCounts& counts, Of message);

// judge.cpp: rules of the request, in the order of RequestStage; then a server is asked for
void judge_request(Session& session);
/// Gathers the body in the buffer: as much as asked for (0: all), or as fits.
enum class BodyGathered : std::uint8_t { enough, later, broken };
BodyGathered gather_request_body(Session& session, std::size_t at_least);
BodyGathered gather_response_body(Session& session, std::size_t at_least);
/// `capture request header` and cookies, before any rule.
void capture_request(Session& session);
void capture_response(Session& session);
/// The head's last changes before it leaves: forwarded addresses, hop-by-hop fields, the unique id.
void finish_request_head(Session& session);

// send.cpp
/// "100 Continue" to a client that waits for it while the body is wanted here.
void send_continue(Session& session);
/// The server's connection is there.
void send_request(Session& session);

// relay.cpp
/// Both directions, as far as they go; `head` is the request's, when it has not left yet.
void exchange_http(Session& session, std::string_view head = {});
/// The server's connection is of no use any more before an answer began: another attempt, or the client is told.
enum class ServerFault : std::uint8_t { closed, junk, timeout, status, overloaded };
void server_failed(Session& session, ServerFault fault);
/// The response's bytes were moved: ends the exchange when that is due. True: it goes on.
enum class Moved : std::uint8_t;
bool response_moved(Session& session, Moved moved);
void exchange_tunnel(Session& session);
/// After another attempt was decided: the request is as it was before it was sent.
void rewind_request(Session& session);

// response.cpp
/// More of the server's bytes while no final head is there. False: the session or the exchange is over.
bool read_response(Session& session);
/// The final head is in the exchange. False: the session or the exchange is over.
bool begin_response(Session& session);
/// Rules, then the head with what is there of the body.
bool judge_response_head(Session& session);
/// retry-on: whether the request goes out again when its answer has that status.
bool retries_status(const Session& session, std::uint16_t status);

// fcgi_response.cpp
/// read_response() for a FastCGI application.
bool read_fcgi_response(Session& session);

// reply.cpp: answers of our own
/// The page of that status for this session.
const Reply& page_of(const Session& session, std::uint16_t status);
/// `asked` with the page of its status as its body.
const Reply& with_page(Session& session, const Reply& asked);
/// http-after-response, of the backend and the frontend.
void run_after_response(Session& session);
/// Sends it and ends the exchange. `by`, `in`: the termination state unless something decided it before.
void answer(Session& session, const Reply& reply, EndedBy by, char in);
/// An answer of our own in three steps: what the exchange still held is given up; the head in the exchange has been
/// filled; it leaves, with its body or before what `served` gives.
void begin_own_answer(Session& session, EndedBy by, char in);
void own_head_made(Session& session);
void send_own_answer(Session& session, std::string_view content, proto::http::Framing framing);
/// For close_session(): a session that ends before its client heard anything is answered. True: it has been, and lives
/// on or is gone.
bool answer_instead_of_closing(Session& session, EndedBy by, char in);
/// What cannot become a request is answered, and the connection ends.
void refuse_request(Session& session, proto::http::Violation violation);

// redirect.cpp
/// `redir` of the server that was chosen. True: its client has been sent there; false: the server serves it.
bool sent_elsewhere(Session& session);

// serve.cpp: answers from inside, in pieces
void serve_from_inside(Session& session, ServiceAnswer answer);
/// More of it, as far as the client takes it.
Moved move_served(Session& session);

// statistics.cpp: the page of `stats` lines
/// Whether this request is for the page of that proxy.
[[nodiscard]] bool asks_for_statistics(const Session& session, const ProxyConfig& proxy);
/// `stats auth`: whether the client has said who it is; if not, what it is asked lies in the exchange's answer.
[[nodiscard]] bool may_see_statistics(Session& session, const StatsConfig& stats);
/// Sends the page, or does what its form asks for.
void show_statistics(Session& session, std::shared_ptr<const ProxyConfig> proxy);

// finish.cpp
/// Neither side's configuration ends servers' connections after each answer.
[[nodiscard]] bool servers_are_kept(const Session& session);
/// The answer has left: the log line, the counters, the connections kept or closed, the next request.
void finish_exchange(Session& session);
/// Counters and the log line of an exchange that is over, however it ended.
void end_exchange(Session& session);
void give_exchange_back(Session& session);
void count_status(Session& session, std::uint16_t status);

// events.cpp
void on_http_client_event(Session& session, std::uint32_t events);
void on_http_server_event(Session& session);
void on_http_timer(Session& session);
TimePoint http_deadline(const Session& session);

// balance_key.cpp
/// What `balance uri`, `url_param` and `hdr` hash of the request; nothing when it lacks that.
std::optional<std::string_view> balance_key(const Session& session, const BalanceConfig& balance, balance::KeyKind key);

// reuse.cpp: connections to servers that rest
struct IdleConnection;
/// RFC 9110 9.2.2: whether sending such a request twice does what sending it once does.
[[nodiscard]] bool may_be_repeated(proto::http::Method method);
/// True: the request goes over a connection that was there, or waits for one that rests on another worker.
bool go_over_resting(Session& session);
/// A FastCGI application serves one connection with each of its processes: those that rest above its `maxconn`, on
/// whichever worker, make room for the new one.
void make_room_at_application(Session& session);
/// The exchange is over and the server's connection still good: it rests until somebody needs it.
void rest_server_connection(Session& session);
void close_own_server(Session& session);

}  // namespace weir::proxy
