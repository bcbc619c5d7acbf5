// What the engine keeps of an HTTP transaction: its first line, its statuses, its times. Manual 7.3.6, 8.4.
//
// Method, target and versions are those that were received, whatever rules made of the heads since, and are good in
// the log too.
#include "proto/http/uri.h"
#include "proxy/fetch/tables.h"
#include "proxy/http/exchange.h"
#include "proxy/tcp/session.h"
#include "proxy/timing.h"

namespace weir::proxy {
namespace {

using namespace sample::vocabulary;
using sample::args;

FetchStatus text(std::string_view value, Sample& out) {
  if (value.empty()) return FetchStatus::absent;
  out = Sample::string(value);
  return FetchStatus::ok;
}
FetchStatus number(std::int64_t value, Sample& out) {
  out = Sample::integer(value);
  return FetchStatus::ok;
}
FetchStatus boolean(bool value, Sample& out) {
  out = Sample::boolean(value);
  return FetchStatus::ok;
}

/// Calls `answer` with the session there is.
template <auto answer>
FetchStatus of_session(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : answer(*context.session, context, out);
}
/// Calls `answer` with the exchange there is.
template <auto answer>
FetchStatus of_exchange(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  return answer(*context.session->http, context, out);
}
/// The same, if its request was understood.
template <auto answer>
FetchStatus of_request(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  const HttpExchange& exchange = *context.session->http;
  if (exchange.bad_request || exchange.method.empty()) return FetchStatus::absent;
  return answer(exchange, context, out);
}

FetchStatus capture_req_method(const HttpExchange& exchange, Context&, Sample& out) {
  return text(exchange.method, out);
}
FetchStatus capture_req_uri(const HttpExchange& exchange, Context&, Sample& out) {
  const bool connect = exchange.request_method == proto::http::Method::connect;
  return text(proto::http::split_target(exchange.target, connect).path_query, out);
}
FetchStatus capture_req_ver(const HttpExchange& exchange, Context&, Sample& out) { return text(exchange.version, out); }
FetchStatus capture_res_ver(const HttpExchange& exchange, Context&, Sample& out) {
  return text(exchange.response_version, out);
}
FetchStatus http_first_req(const HttpExchange&, Context& context, Sample& out) {
  return boolean(context.session->requests <= 1, out);
}

FetchStatus res_comp(const HttpExchange& exchange, Context&, Sample& out) {
  return boolean(exchange.coding.has_value(), out);
}
// COMPAT: observed on 2.6: the configuration's word, "raw-deflate" and "identity" too.
FetchStatus res_comp_algo(const HttpExchange& exchange, Context&, Sample& out) {
  return exchange.coding ? text(proto::coding::name_of(*exchange.coding), out) : FetchStatus::absent;
}

FetchStatus server_status(const HttpExchange& exchange, Context&, Sample& out) {
  return exchange.server_status == 0 ? FetchStatus::absent : number(exchange.server_status, out);
}
// As the log has it; before the answer leaves, what would.
FetchStatus txn_status(const HttpExchange& exchange, Context& context, Sample& out) {
  if (exchange.status != 0) return number(exchange.status, out);
  return number(exchange.response_begun || context.in_response ? exchange.response.status : -1, out);
}

/// A time of timing.h.
template <auto time>
FetchStatus timer(const Session& session, Context&, Sample& out) {
  return number(time(session), out);
}
FetchStatus txn_timer_total(const Session& session, Context& context, Sample& out) {
  return number(active_time_ms(session, context.now), out);
}

FetchStatus request_date(const Args& args, Context& context, Sample& out) {
  if (context.session == nullptr) return FetchStatus::absent;
  const auto since = request_wall(*context.session).time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  return number(us / args.integer_or(0, 1'000'000), out);
}

constexpr Fetch row(std::string_view name, Type out,
                    FetchStatus (*fetch)(const Args& args, Context& context, Sample& out), std::string_view doc,
                    sample::Example example, bool at_end = false) {
  return {.name = name,
          .needs = Facts::session,
          .out = out,
          .fetch = fetch,
          .doc = doc,
          .examples = {{example}},
          .at_end = at_end};
}

constexpr Fetch kRows[] = {
    row("capture.req.method", Type::string, of_request<capture_req_method>, "The request's method as it was received.",
        {"capture.req.method", "GET"}),
    row("capture.req.uri", Type::string, of_request<capture_req_uri>,
        "The request's path and query as they were received, as long as tune.http.logurilen keeps them.",
        {"capture.req.uri", "/desk?id=4"}),
    row("capture.req.ver", Type::string, of_request<capture_req_ver>,
        "The request's version as it was received: HTTP/1.1.", {"capture.req.ver", "HTTP/1.1"}),
    row("capture.res.ver", Type::string, of_exchange<capture_res_ver>,
        "The answer's version as it was received: HTTP/1.1.", {"capture.res.ver", "HTTP/1.0"}, true),
    row("http_first_req", Type::boolean, of_request<http_first_req>, "Whether this is the connection's first request.",
        {"http_first_req", "1"}),
    row("req.timer.hdr", Type::integer, of_session<timer<request_time_ms>>,
        "Milliseconds from the request's first byte to the end of its head, as %TR.", {"req.timer.hdr", "1"}),
    row("req.timer.idle", Type::integer, of_session<timer<idle_time_ms>>,
        "Milliseconds that the connection was idle before the request, as %Ti.", {"req.timer.idle", "2"}),
    row("req.timer.tq", Type::integer, of_session<timer<whole_request_time_ms>>,
        "Milliseconds until the request's head was there, as %Tq.", {"req.timer.tq", "3"}),
    {.name = "request_date",
     .args = args(0, {ArgKind::time_unit}),
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = request_date,
     .doc = "When the request's first byte arrived, as seconds since 1970; with a unit in s, ms or us.",
     .examples = {{{"request_date", "1767323043"}, {"request_date(ms)", "1767323043569"}}}},
    row("res.comp", Type::boolean, of_exchange<res_comp>, "Whether the answer is compressed here.", {"res.comp", "1"},
        true),
    row("res.comp_algo", Type::string, of_exchange<res_comp_algo>,
        "What the answer is compressed with; absent when it is not.", {"res.comp_algo", "gzip"}, true),
    row("res.timer.hdr", Type::integer, of_session<timer<response_time_ms>>,
        "Milliseconds that the server took to answer, as %Tr; -1 when it never did.", {"res.timer.hdr", "10"}, true),
    row("server_status", Type::integer, of_exchange<server_status>,
        "The status that the server answered, whatever the client was told; absent when it did not answer.",
        {"server_status", "404"}, true),
    row("txn.status", Type::integer, of_exchange<txn_status>, "The status as the log has it; -1 while there is none.",
        {"txn.status", "503"}, true),
    row("txn.timer.total", Type::integer, of_session<txn_timer_total>,
        "Milliseconds since the request's first byte, as %Ta.", {"txn.timer.total", "58"}, true),
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_fetches{kRows};
}  // namespace weir::proxy
