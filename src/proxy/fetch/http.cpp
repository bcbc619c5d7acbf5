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

// The exchange whose request was understood; null: there is none.
const HttpExchange* exchange_of(const Context& context) {
  if (context.session == nullptr || context.session->http == nullptr) return nullptr;
  const HttpExchange* exchange = context.session->http;
  return exchange->bad_request || exchange->method.empty() ? nullptr : exchange;
}

FetchStatus text(std::string_view value, Sample& out) {
  if (value.empty()) return FetchStatus::absent;
  out = Sample::string(value);
  return FetchStatus::ok;
}
FetchStatus number(std::int64_t value, Sample& out) {
  out = Sample::integer(value);
  return FetchStatus::ok;
}

FetchStatus capture_req_method(const Args&, Context& context, Sample& out) {
  const HttpExchange* exchange = exchange_of(context);
  return exchange == nullptr ? FetchStatus::absent : text(exchange->method, out);
}
FetchStatus capture_req_uri(const Args&, Context& context, Sample& out) {
  const HttpExchange* exchange = exchange_of(context);
  if (exchange == nullptr) return FetchStatus::absent;
  const bool connect = exchange->request_method == proto::http::Method::connect;
  return text(proto::http::split_target(exchange->target, connect).path_query, out);
}
FetchStatus capture_req_ver(const Args&, Context& context, Sample& out) {
  const HttpExchange* exchange = exchange_of(context);
  return exchange == nullptr ? FetchStatus::absent : text(exchange->version, out);
}
FetchStatus capture_res_ver(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  return text(context.session->http->response_version, out);
}

FetchStatus http_first_req(const Args&, Context& context, Sample& out) {
  if (exchange_of(context) == nullptr) return FetchStatus::absent;
  out = Sample::boolean(context.session->requests <= 1);
  return FetchStatus::ok;
}

FetchStatus res_comp(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  out = Sample::boolean(context.session->http->coding.has_value());
  return FetchStatus::ok;
}
// COMPAT: observed on 2.6: the configuration's word, "raw-deflate" and "identity" too.
FetchStatus res_comp_algo(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  const auto& coding = context.session->http->coding;
  return coding ? text(proto::coding::name_of(*coding), out) : FetchStatus::absent;
}

FetchStatus server_status(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  const std::uint16_t status = context.session->http->server_status;
  return status == 0 ? FetchStatus::absent : number(status, out);
}
// As the log has it; before the answer leaves, what would.
FetchStatus txn_status(const Args&, Context& context, Sample& out) {
  if (context.session == nullptr || context.session->http == nullptr) return FetchStatus::absent;
  const HttpExchange& exchange = *context.session->http;
  if (exchange.status != 0) return number(exchange.status, out);
  return number(exchange.response_begun || context.in_response ? exchange.response.status : -1, out);
}

FetchStatus req_timer_hdr(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : number(request_time_ms(*context.session), out);
}
FetchStatus req_timer_idle(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : number(idle_time_ms(*context.session), out);
}
FetchStatus req_timer_tq(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : number(whole_request_time_ms(*context.session), out);
}
FetchStatus res_timer_hdr(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : number(response_time_ms(*context.session), out);
}
FetchStatus txn_timer_total(const Args&, Context& context, Sample& out) {
  return context.session == nullptr ? FetchStatus::absent : number(active_time_ms(*context.session, context.now), out);
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
    row("capture.req.method", Type::string, capture_req_method, "The request's method as it was received.",
        {"capture.req.method", "GET"}),
    row("capture.req.uri", Type::string, capture_req_uri,
        "The request's path and query as they were received, as long as tune.http.logurilen keeps them.",
        {"capture.req.uri", "/desk?id=4"}),
    row("capture.req.ver", Type::string, capture_req_ver, "The request's version as it was received: HTTP/1.1.",
        {"capture.req.ver", "HTTP/1.1"}),
    row("capture.res.ver", Type::string, capture_res_ver, "The answer's version as it was received: HTTP/1.1.",
        {"capture.res.ver", "HTTP/1.0"}, true),
    row("http_first_req", Type::boolean, http_first_req, "Whether this is the connection's first request.",
        {"http_first_req", "1"}),
    row("req.timer.hdr", Type::integer, req_timer_hdr,
        "Milliseconds from the request's first byte to the end of its head, as %TR.", {"req.timer.hdr", "1"}),
    row("req.timer.idle", Type::integer, req_timer_idle,
        "Milliseconds that the connection was idle before the request, as %Ti.", {"req.timer.idle", "2"}),
    row("req.timer.tq", Type::integer, req_timer_tq, "Milliseconds until the request's head was there, as %Tq.",
        {"req.timer.tq", "3"}),
    {.name = "request_date",
     .args = args(0, {ArgKind::time_unit}),
     .needs = Facts::session,
     .out = Type::integer,
     .fetch = request_date,
     .doc = "When the request's first byte arrived, as seconds since 1970; with a unit in s, ms or us.",
     .examples = {{{"request_date", "1767323043"}, {"request_date(ms)", "1767323043569"}}}},
    row("res.comp", Type::boolean, res_comp, "Whether the answer is compressed here.", {"res.comp", "1"}, true),
    row("res.comp_algo", Type::string, res_comp_algo, "What the answer is compressed with; absent when it is not.",
        {"res.comp_algo", "gzip"}, true),
    row("res.timer.hdr", Type::integer, res_timer_hdr,
        "Milliseconds that the server took to answer, as %Tr; -1 when it never did.", {"res.timer.hdr", "10"}, true),
    row("server_status", Type::integer, server_status,
        "The status that the server answered, whatever the client was told; absent when it did not answer.",
        {"server_status", "404"}, true),
    row("txn.status", Type::integer, txn_status, "The status as the log has it; -1 while there is none.",
        {"txn.status", "503"}, true),
    row("txn.timer.total", Type::integer, txn_timer_total, "Milliseconds since the request's first byte, as %Ta.",
        {"txn.timer.total", "58"}, true),
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_fetches{kRows};
}  // namespace weir::proxy
