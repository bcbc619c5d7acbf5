// What a session did and how it stands: bytes, queues, retries, its number, its end. Manual 7.3.2, 7.3.3, 7.3.4.
#include "proxy/tcp/session.h"

#include <fmt/format.h>

#include "proxy/fetch/tables.h"
#include "proxy/listener.h"
#include "proxy/rule/rule.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;

FetchStatus integer(Sample& out, std::int64_t value) {
  out = Sample::integer(value);
  return FetchStatus::ok;
}
FetchStatus boolean(Sample& out, bool value) {
  out = Sample::boolean(value);
  return FetchStatus::ok;
}
/// Calls `answer` with the session there is.
template <auto answer>
FetchStatus of_session(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : answer(*context.session, out);
}

/// What was received: handed on, or still held.
FetchStatus received(const Flow& flow, Sample& out) {
  const std::uint64_t held = flow.end - flow.start + (flow.pipe != nullptr ? flow.pipe->held : 0);
  return integer(out, static_cast<std::int64_t>(flow.received() + held));
}
FetchStatus request_received(const Session& session, Sample& out) { return received(session.request, out); }
FetchStatus response_received(const Session& session, Sample& out) { return received(session.response, out); }
FetchStatus request_sent(const Session& session, Sample& out) {
  return integer(out, static_cast<std::int64_t>(session.request.total));
}
FetchStatus response_sent(const Session& session, Sample& out) {
  return integer(out, static_cast<std::int64_t>(session.response.total));
}
FetchStatus backend_queue(const Session& session, Sample& out) { return integer(out, session.facts.backend_queue); }
FetchStatus server_queue(const Session& session, Sample& out) { return integer(out, session.facts.server_queue); }
FetchStatus bc_reused(const Session& session, Sample& out) { return boolean(out, session.server_requests != 0); }
FetchStatus none(const Session&, Sample& out) { return integer(out, 0); }
FetchStatus one(const Session&, Sample& out) { return integer(out, 1); }
FetchStatus aborted_by_server(const Session& session, Sample& out) {
  return boolean(out, session.facts.ended_by == EndedBy::server && session.facts.connect_finished != TimePoint{});
}
FetchStatus aborted_by_client(const Session& session, Sample& out) {
  return boolean(out, session.facts.ended_by == EndedBy::client);
}
FetchStatus dst_conn(const Session& session, Sample& out) { return integer(out, session.listener->sessions.value()); }
FetchStatus retries(const Session& session, Sample& out) { return integer(out, session.facts.retries); }
FetchStatus redispatched(const Session& session, Sample& out) { return boolean(out, session.facts.redispatched); }
FetchStatus unique_id(const Session& session, Sample& out) {
  const std::string_view id = unique_id_of(session);
  if (id.empty()) return FetchStatus::absent;
  out = Sample::string(id);
  return FetchStatus::ok;
}
FetchStatus id32(const Session& session, Sample& out) {
  return integer(out, static_cast<std::int64_t>(session.serial & 0xffffffff));
}
FetchStatus priority_class(const Session& session, Sample& out) {
  return integer(out, session.extras ? session.extras->priority_class : 0);
}
FetchStatus priority_offset(const Session& session, Sample& out) {
  return integer(out, session.extras ? session.extras->priority_offset : 0);
}

/// The file of a rule of this session.
std::string_view file_of(const Session& session, const Rule& rule) {
  const auto& names = (session.backend ? session.backend->config : session.frontend->config)->file_names;
  return names && rule.at.file < names->size() ? std::string_view((*names)[rule.at.file]) : std::string_view();
}
FetchStatus last_rule_file(const Session& session, Sample& out) {
  if (session.last_rule == nullptr) return FetchStatus::absent;
  out = Sample::string(file_of(session, *session.last_rule));
  return FetchStatus::ok;
}
FetchStatus last_rule_line(const Session& session, Sample& out) {
  if (session.last_rule == nullptr) return FetchStatus::absent;
  return integer(out, session.last_rule->at.line);
}
FetchStatus last_entity(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->last_rule == nullptr) return FetchStatus::absent;
  const Rule& rule = *context.session->last_rule;
  const std::string_view file = file_of(*context.session, rule);
  char* text = context.arena.take(file.size() + 16);
  if (text == nullptr) return FetchStatus::absent;
  const auto end = fmt::format_to_n(text, file.size() + 16, "{}:{}", file, rule.at.line);
  out = Sample::string({text, end.size});
  return FetchStatus::ok;
}
FetchStatus sess_term_state(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  const SessionFacts& facts = context.session->facts;
  const char state[2] = {static_cast<char>(facts.ended_by), facts.ended_in};
  const auto text = context.arena.copy({state, sizeof state});
  if (!text) return FetchStatus::absent;
  out = Sample::string(*text);
  return FetchStatus::ok;
}

constexpr Fetch kRows[] = {
    {.name = "bc_be_queue",
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = of_session<backend_queue>,
     .doc = "How many sessions stood before this one in the backend's queue, as %bq.",
     .examples = {{{"bc_be_queue", "2"}}}},
    {.name = "bc_http_major",
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "The major version of HTTP that the server's connection speaks: 1.",
     .examples = {{{"bc_http_major", "1"}}}},
    {.name = "bc_nb_streams",
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "How many exchanges run on the server's connection: in TCP mode the one.",
     .examples = {{{"bc_nb_streams", "1"}}}},
    {.name = "bc_reused",
     .needs = Facts::server | Facts::session,
     .out = Type::boolean,
     .fetch = of_session<bc_reused>,
     .doc = "Whether the server's connection had carried a request before this one.",
     .examples = {{{"bc_reused", "0"}}}},
    {.name = "bc_settings_streams_limit",
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "How many exchanges may share the server's connection: in TCP mode 1.",
     .examples = {{{"bc_settings_streams_limit", "1"}}}},
    {.name = "bc_srv_queue",
     .needs = Facts::server | Facts::session,
     .out = Type::integer,
     .fetch = of_session<server_queue>,
     .doc = "How many sessions stood before this one in the server's queue, as %sq.",
     .examples = {{{"bc_srv_queue", "1"}}}},
    {.name = "bs.aborted",
     .needs = Facts::session,
     .out = Type::boolean,
     .fetch = of_session<aborted_by_server>,
     .doc = "Whether the server broke the exchange off.",
     .examples = {{{"bs.aborted", "0"}}},
     .at_end = true},
    {.name = "bs.id",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<none>,
     .doc = "The exchange's number within the server's connection: 0 in TCP mode, which has one exchange.",
     .examples = {{{"bs.id", "0"}}}},
    {.name = "bytes_in",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<request_received>,
     .doc = "As req.bytes_in.",
     .examples = {{{"bytes_in", "100"}}},
     .at_end = true},
    {.name = "bytes_out",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<response_received>,
     .doc = "As res.bytes_in.",
     .examples = {{{"bytes_out", "3000"}}},
     .at_end = true},
    {.name = "dst_conn",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<dst_conn>,
     .doc = "How many connections the listening socket has, this one included.",
     .examples = {{{"dst_conn", "1"}}}},
    {.name = "fc_http_major",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "The major version of HTTP that the client's connection speaks: 1.",
     .examples = {{{"fc_http_major", "1"}}}},
    {.name = "fc_nb_streams",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "How many exchanges run on the client's connection: in TCP mode the one.",
     .examples = {{{"fc_nb_streams", "1"}}}},
    {.name = "fc_settings_streams_limit",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<one>,
     .doc = "How many exchanges may share the client's connection: in TCP mode 1.",
     .examples = {{{"fc_settings_streams_limit", "1"}}}},
    {.name = "fs.aborted",
     .needs = Facts::session,
     .out = Type::boolean,
     .fetch = of_session<aborted_by_client>,
     .doc = "Whether the client broke the exchange off.",
     .examples = {{{"fs.aborted", "1"}}},
     .at_end = true},
    {.name = "fs.id",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<none>,
     .doc = "The exchange's number within the client's connection: 0 in TCP mode, which has one exchange.",
     .examples = {{{"fs.id", "0"}}}},
    {.name = "last_entity",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = last_entity,
     .doc = "The content rule that decided about the session last, as file:line.",
     .examples = {{{"last_entity", "t.cfg:12"}}}},
    {.name = "last_rule_file",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = of_session<last_rule_file>,
     .doc = "The file of the content rule that decided about the session last.",
     .examples = {{{"last_rule_file", "t.cfg"}}}},
    {.name = "last_rule_line",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<last_rule_line>,
     .doc = "The line of the content rule that decided about the session last.",
     .examples = {{{"last_rule_line", "12"}}}},
    {.name = "prio_class",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<priority_class>,
     .doc = "The session's class in queues, as set-priority-class set it; the lower, the sooner.",
     .examples = {{{"prio_class", "-7"}}}},
    {.name = "prio_offset",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<priority_offset>,
     .doc = "The milliseconds that set-priority-offset added to the session's time of arrival in queues.",
     .examples = {{{"prio_offset", "25"}}}},
    {.name = "req.bytes_in",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<request_received>,
     .doc = "How many bytes the client sent so far.",
     .examples = {{{"req.bytes_in", "100"}}},
     .at_end = true},
    {.name = "req.bytes_out",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<request_sent>,
     .doc = "How many bytes went to the server so far.",
     .examples = {{{"req.bytes_out", "100"}}},
     .at_end = true},
    {.name = "res.bytes_in",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<response_received>,
     .doc = "How many bytes the server sent so far.",
     .examples = {{{"res.bytes_in", "3000"}}},
     .at_end = true},
    {.name = "res.bytes_out",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<response_sent>,
     .doc = "How many bytes went to the client so far.",
     .examples = {{{"res.bytes_out", "3000"}}},
     .at_end = true},
    {.name = "txn.conn_retries",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<retries>,
     .doc = "How often the connection to a server was tried again.",
     .examples = {{{"txn.conn_retries", "1"}}}},
    {.name = "txn.id32",
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = of_session<id32>,
     .doc = "The session's number in the process, modulo 2^32.",
     .examples = {{{"txn.id32", "77"}}}},
    {.name = "txn.redispatched",
     .needs = Facts::session,
     .out = Type::boolean,
     .fetch = of_session<redispatched>,
     .doc = "Whether the session was given to another server after it could not connect to the first.",
     .examples = {{{"txn.redispatched", "0"}}}},
    {.name = "txn.sess_term_state",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = sess_term_state,
     .doc = "Who ended the session, and in which phase, as %ts; -- as long as nobody did.",
     .examples = {{{"txn.sess_term_state", "CD"}}},
     .at_end = true},
    {.name = "unique-id",
     .needs = Facts::session,
     .out = Type::string,
     .fetch = of_session<unique_id>,
     .doc = "The session's name, by the frontend's 'unique-id-format'; absent without one.",
     .examples = {{{"unique-id", "192.0.2.7:40123-77"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> session_fetches{kRows};
}  // namespace weir::proxy
