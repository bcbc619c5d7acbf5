// The fields of a TCP log line: %ci, %ts, %Tw and their kin.
//
// Each is a row; `context.session` is the session being logged. A timer that never ran is -1; with `option logasap` the
// total and the byte count bear a '+', for they will grow. Manual 8.2.2, 8.2.6, 8.4, 8.5.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "proxy/http/exchange.h"
#include "proxy/keywords.h"
#include "proxy/log_date.h"
#include "proxy/log_fields.h"
#include "proxy/process_state.h"
#include "proxy/tcp/extras.h"
#include "proxy/tcp/phases.h"
#include "proxy/timing.h"
#include "proxy/worker_context.h"
#include "sample/log_format.h"

namespace weir::proxy {
namespace {

using sample::Context;
using sample::FormatOutput;

const Session& session_of(const Context& context) { return *context.session; }
const SessionFacts& facts_of(const Context& context) { return context.session->facts; }
// Where there is no session, dates are now.
WallTime accepted(const Context& context) {
  return context.session != nullptr ? context.session->facts.accepted_wall : context.wall_now;
}

bool logged_early(const Context& context) {
  return context.session->frontend->config->settings.log.as_soon_as_possible;
}

void growing(const Context& context, FormatOutput& out, std::int64_t value) {
  if (logged_early(context)) out.incomplete();
  out.integer(value);
}

void accept_date(const Context& context, FormatOutput& out) { write_date_ms(out, accepted(context)); }
void accept_date_utc(const Context& context, FormatOutput& out) { write_date_utc(out, accepted(context)); }
void accept_date_local(const Context& context, FormatOutput& out) { write_date_local(out, accepted(context)); }
void accept_timestamp(const Context& context, FormatOutput& out) {
  out.hex_integer(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(accepted(context))));
}
void accept_milliseconds(const Context& context, FormatOutput& out) {
  const auto milliseconds = milliseconds_of(accepted(context));
  if (out.flags().encoding != sample::Encoding::none) return out.integer(milliseconds);
  char text[8];
  const auto end = fmt::format_to_n(text, sizeof text, "{:03}", milliseconds);
  out.verbatim({text, end.size});
}

void peer_host(FormatOutput& out, const SocketAddress& address) {
  if (address.is_inet())
    out.address(address);
  else if (address.is_unix())
    out.text("unix");
  else
    out.absent();
}
void peer_port(const Context& context, FormatOutput& out, const SocketAddress& address) {
  if (address.is_inet())
    out.hex_integer(address.port());
  else if (address.is_unix())
    out.integer(session_of(context).listener->id);
  else
    out.absent();
}
void client_ip(const Context& context, FormatOutput& out) { peer_host(out, facts_of(context).client); }
void client_port(const Context& context, FormatOutput& out) { peer_port(context, out, facts_of(context).client); }
void frontend_ip(const Context& context, FormatOutput& out) { peer_host(out, facts_of(context).local); }
void frontend_port(const Context& context, FormatOutput& out) { peer_port(context, out, facts_of(context).local); }
void source_ip(const Context& context, FormatOutput& out) { peer_host(out, facts_of(context).source); }
void source_port(const Context& context, FormatOutput& out) { peer_port(context, out, facts_of(context).source); }

void server_ip(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  session.target ? peer_host(out, session.facts.server) : out.absent();
}
void server_port(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  session.target ? peer_port(context, out, session.facts.server) : out.absent();
}

void frontend_name(const Context& context, FormatOutput& out) { out.text(session_of(context).frontend->config->name); }
void backend_name(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  out.text(session.backend ? session.backend->config->name : session.frontend->config->name);
}
void server_name(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  const bool inside = session.http != nullptr && !session.http->served_by.empty();
  if (inside) return out.text(session.http->served_by);
  session.target ? out.text(session.target->name) : out.text(kUnlistedServer);
}

void queue_time(const Context& context, FormatOutput& out) { out.integer(queue_time_ms(session_of(context))); }
void connect_time(const Context& context, FormatOutput& out) { out.integer(connect_time_ms(session_of(context))); }
void total_time(const Context& context, FormatOutput& out) {
  growing(context, out, total_time_ms(session_of(context), context.now));
}
void active_time(const Context& context, FormatOutput& out) {
  growing(context, out, active_time_ms(session_of(context), context.now));
}
void user_time(const Context& context, FormatOutput& out) { total_time(context, out); }
void data_time(const Context& context, FormatOutput& out) {
  out.integer(data_time_ms(session_of(context), context.now));
}
void handshake_time(const Context& context, FormatOutput& out) { out.integer(handshake_time_ms(session_of(context))); }
void unique_id(const Context& context, FormatOutput& out) { out.text(unique_id_of(session_of(context))); }

void bytes_to_client(const Context& context, FormatOutput& out) {
  growing(context, out, static_cast<std::int64_t>(session_of(context).response.total));
}
void bytes_to_server(const Context& context, FormatOutput& out) {
  // COMPAT: observed on 2.6: no sign here, whenever the line is written.
  out.integer(static_cast<std::int64_t>(session_of(context).request.total));
}

void termination_state(const Context& context, FormatOutput& out) {
  const char text[2] = {static_cast<char>(facts_of(context).ended_by), facts_of(context).ended_in};
  out.verbatim({text, 2});
}

void all_connections(const Context& context, FormatOutput& out) {
  out.integer(session_of(context).worker->process->connections.value());
}
void frontend_connections(const Context& context, FormatOutput& out) {
  out.integer(session_of(context).frontend->state->sessions.value());
}
void backend_connections(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  out.integer(session.backend ? session.backend->state->sessions.value() : 0);
}
void server_connections(const Context& context, FormatOutput& out) {
  const Session& session = session_of(context);
  // COMPAT: observed on 2.6: where no listed server serves, none has a session.
  const bool listed = session.target && session.target->name != kUnlistedServer;
  out.integer(listed ? session.target->sessions.value() : 0);
}
void retries(const Context& context, FormatOutput& out) {
  if (facts_of(context).redispatched) out.incomplete();
  out.integer(facts_of(context).retries);
}
void server_queue(const Context& context, FormatOutput& out) { out.integer(facts_of(context).server_queue); }
void backend_queue(const Context& context, FormatOutput& out) { out.integer(facts_of(context).backend_queue); }
void log_counter(const Context& context, FormatOutput& out) {
  out.hex_integer(static_cast<std::int64_t>(
      session_of(context).frontend->state->log_lines.fetch_add(1, std::memory_order_relaxed)));
}
void host_name(const Context&, FormatOutput& out) {
  static const std::string name = [] {
    char text[256] = {};
    return std::string(gethostname(text, sizeof text - 1) == 0 ? text : "localhost");
  }();
  out.text(name);
}
void own_pid(const Context&, FormatOutput& out) { out.hex_integer(getpid()); }
void session_number(const Context& context, FormatOutput& out) {
  out.hex_integer(static_cast<std::int64_t>(session_of(context).serial));
}
// TCP has none: the manual's log shows 0.
void status(const Context& context, FormatOutput& out) {
  if (context.session == nullptr || context.session->http == nullptr) return out.integer(0);
  const std::uint16_t status = context.session->http->status;
  out.integer(status != 0 ? static_cast<std::int64_t>(status) : -1);
}

}  // namespace

void write_error_head(const Context& context, FormatOutput& out) {
  client_ip(context, out);
  out.verbatim(":");
  client_port(context, out);
  out.verbatim(" [");
  accept_date(context, out);
  out.verbatim("] ");
  frontend_name(context, out);
  out.verbatim("/");
  const ListenerState& listener = *session_of(context).listener;
  listener.name.empty() ? out.integer(listener.id) : out.text(listener.name);
  out.verbatim(": ");
}

namespace {

void origin(const Context& context, FormatOutput& out) {
  const auto* why = static_cast<const LogOrigin*>(context.facts);
  out.text(name_of(why != nullptr ? *why : LogOrigin::unspec));
}

constexpr sample::LogAlias kAliases[] = {
    {.name = "B", .write = bytes_to_client, .doc = "Bytes sent from the server to the client.", .at_end = true},
    {.name = "H", .write = host_name, .doc = "The host's name.", .without_session = true},
    {.name = "ID", .write = unique_id, .doc = "The session's name, by unique-id-format.", .at_end = true},
    {.name = "OG",
     .write = origin,
     .doc = "Why the line is written: txn_accept to txn_close, sess_error, http-req where a rule says do-log.",
     .without_session = true},
    {.name = "ST", .write = status, .doc = "The status code; 0 in TCP mode.", .without_session = true, .at_end = true},
    {.name = "T", .write = accept_date_utc, .doc = "Accept date, UTC, with its zone.", .without_session = true},
    {.name = "Ta", .write = active_time, .doc = "Milliseconds the session was active.", .at_end = true},
    {.name = "Tc",
     .write = connect_time,
     .doc = "Milliseconds to connect to the server, retries included; -1 when it never did.",
     .at_end = true},
    {.name = "Td", .write = data_time, .doc = "Milliseconds from the connection to the end.", .at_end = true},
    {.name = "Th", .write = handshake_time, .doc = "Milliseconds of handshakes below the session.", .at_end = true},
    {.name = "Tl", .write = accept_date_local, .doc = "Accept date, local, with its zone.", .without_session = true},
    {.name = "Ts", .write = accept_timestamp, .doc = "Accept date in seconds since 1970.", .without_session = true},
    {.name = "Tt", .write = total_time, .doc = "Milliseconds from accept to the end.", .at_end = true},
    {.name = "Tu",
     .write = user_time,
     .doc = "Milliseconds the user saw, from the first byte to the end.",
     .at_end = true},
    {.name = "Tw",
     .write = queue_time,
     .doc = "Milliseconds waited for a server; -1 when none was asked for.",
     .at_end = true},
    {.name = "U", .write = bytes_to_server, .doc = "Bytes sent from the client to the server.", .at_end = true},
    {.name = "ac", .write = all_connections, .doc = "Connections of the process when logged.", .at_end = true},
    {.name = "b", .write = backend_name, .doc = "The backend's name."},
    {.name = "bc", .write = backend_connections, .doc = "Sessions of the backend when logged.", .at_end = true},
    {.name = "bi", .write = source_ip, .doc = "Our address towards the server."},
    {.name = "bp", .write = source_port, .doc = "Our port towards the server."},
    {.name = "bq",
     .write = backend_queue,
     .doc = "Sessions that stood before this one in the backend's queue.",
     .at_end = true},
    {.name = "ci", .write = client_ip, .doc = "The client's address."},
    {.name = "cp", .write = client_port, .doc = "The client's port."},
    {.name = "f", .write = frontend_name, .doc = "The frontend's name."},
    {.name = "fc", .write = frontend_connections, .doc = "Sessions of the frontend when logged.", .at_end = true},
    {.name = "fi", .write = frontend_ip, .doc = "The address the client connected to."},
    {.name = "fp", .write = frontend_port, .doc = "The port the client connected to."},
    {.name = "ft", .write = frontend_name, .doc = "The frontend's name; with '~' when the client spoke TLS."},
    {.name = "lc", .write = log_counter, .doc = "Number of this log line of the frontend."},
    {.name = "ms", .write = accept_milliseconds, .doc = "Milliseconds of the accept date.", .without_session = true},
    {.name = "pid", .write = own_pid, .doc = "The process id.", .without_session = true},
    {.name = "rc", .write = retries, .doc = "Connection retries; with '+' after a redispatch.", .at_end = true},
    {.name = "rt", .write = session_number, .doc = "Number of the session in the process."},
    {.name = "s", .write = server_name, .doc = "The server's name, <NOSRV> when there was none."},
    {.name = "sc", .write = server_connections, .doc = "Sessions of the server when logged.", .at_end = true},
    {.name = "si", .write = server_ip, .doc = "The server's address."},
    {.name = "sp", .write = server_port, .doc = "The server's port."},
    {.name = "sq",
     .write = server_queue,
     .doc = "Sessions that stood before this one in the server's queue.",
     .at_end = true},
    {.name = "t", .write = accept_date, .doc = "Accept date, local, with milliseconds.", .without_session = true},
    {.name = "ts", .write = termination_state, .doc = "Who ended the session, and in which phase.", .at_end = true},
};
static_assert(sample::well_formed(kAliases));

}  // namespace

constinit const std::span<const sample::LogAlias> log_aliases{kAliases};

}  // namespace weir::proxy
