// The fields of an HTTP log line that TCP's has not: the request, its times, cookies, the four letters. Manual 8.2.3,
// 8.2.6, 8.4, 8.5.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "proto/http/uri.h"
#include "proxy/http/exchange.h"
#include "proxy/keywords.h"
#include "proxy/log_date.h"
#include "proxy/tcp/extras.h"
#include "proxy/timing.h"
#include "sample/log_format.h"

namespace weir::proxy {
namespace {

using sample::Context;
using sample::FormatOutput;

const HttpExchange* exchange_of(const Context& context) { return context.session->http; }
bool has_request(const Context& context) {
  const HttpExchange* exchange = exchange_of(context);
  return exchange != nullptr && !exchange->bad_request && !exchange->method.empty();
}
constexpr std::string_view kNone = "<BADREQ>";

void request_date(const Context& context, FormatOutput& out) { write_date_ms(out, request_wall(*context.session)); }
void request_date_utc(const Context& context, FormatOutput& out) {
  write_date_utc(out, request_wall(*context.session));
}
void request_date_local(const Context& context, FormatOutput& out) {
  write_date_local(out, request_wall(*context.session));
}

void request_line(const Context& context, FormatOutput& out) {
  if (!has_request(context)) return out.text(kNone);
  const HttpExchange& exchange = *exchange_of(context);
  std::string line;
  line.reserve(exchange.method.size() + exchange.target.size() + exchange.version.size() + 2);
  line.append(exchange.method).append(" ").append(exchange.target).append(" ").append(exchange.version);
  out.text(line);
}
void request_method(const Context& context, FormatOutput& out) {
  out.text(has_request(context) ? exchange_of(context)->method : kNone);
}
void request_uri(const Context& context, FormatOutput& out) {
  out.text(has_request(context) ? exchange_of(context)->target : kNone);
}
void request_version(const Context& context, FormatOutput& out) {
  out.text(has_request(context) ? exchange_of(context)->version : kNone);
}
void request_path(const Context& context, FormatOutput& out) {
  if (!has_request(context)) return out.text(kNone);
  out.text(exchange_of(context)->target.substr(0, exchange_of(context)->target.find('?')));
}
void request_path_only(const Context& context, FormatOutput& out) {
  if (!has_request(context)) return out.text(kNone);
  const auto target = proto::http::split_target(exchange_of(context)->target);
  out.text(proto::http::path_of(target.path_query));
}
// Manual: with its question mark; empty without a query.
void request_query(const Context& context, FormatOutput& out) {
  if (!has_request(context)) return out.text(kNone);
  const std::string_view target = exchange_of(context)->target;
  const std::size_t mark = target.find('?');
  out.text(mark == target.npos ? std::string_view() : target.substr(mark));
}

void request_time(const Context& context, FormatOutput& out) { out.integer(request_time_ms(*context.session)); }
void idle_time(const Context& context, FormatOutput& out) { out.integer(idle_time_ms(*context.session)); }
void response_time(const Context& context, FormatOutput& out) { out.integer(response_time_ms(*context.session)); }
void whole_request_time(const Context& context, FormatOutput& out) {
  out.integer(whole_request_time_ms(*context.session));
}

void termination_with_cookies(const Context& context, FormatOutput& out) {
  const Session& session = *context.session;
  // COMPAT: observed on 2.6: a cookie that is only listened to leaves no letter.
  const bool told = session.http != nullptr && session.backend &&
                    session.backend->config->settings.http.cookie.how != CookieSettings::How::passive;
  const char text[4] = {static_cast<char>(session.facts.ended_by), session.facts.ended_in,
                        told ? session.http->cookie_in : '-', told ? session.http->cookie_out : '-'};
  out.verbatim({text, 4});
}

void cookie(FormatOutput& out, const Context& context, std::optional<std::string> SessionExtras::* which) {
  const auto& extras = context.session->extras;
  if (extras && (extras.get()->*which))
    out.text(*(extras.get()->*which));
  else
    out.absent();
}
void request_cookie(const Context& context, FormatOutput& out) { cookie(out, context, &SessionExtras::request_cookie); }
void response_cookie(const Context& context, FormatOutput& out) {
  cookie(out, context, &SessionExtras::response_cookie);
}

constexpr sample::LogAlias kAliases[] = {
    {.name = "CC", .write = request_cookie, .doc = "The captured cookie of the request.", .http_only = true},
    {.name = "CS",
     .write = response_cookie,
     .doc = "The captured cookie of the answer.",
     .http_only = true,
     .at_end = true},
    {.name = "HM", .write = request_method, .doc = "The request's method.", .http_only = true},
    {.name = "HP", .write = request_path, .doc = "The request's target without its query.", .http_only = true},
    {.name = "HPO", .write = request_path_only, .doc = "The request's path alone.", .http_only = true},
    {.name = "HQ", .write = request_query, .doc = "The request's query, with its question mark.", .http_only = true},
    {.name = "HU", .write = request_uri, .doc = "The request's target.", .http_only = true},
    {.name = "HV", .write = request_version, .doc = "The request's version.", .http_only = true},
    {.name = "TR",
     .write = request_time,
     .doc = "Milliseconds from the request's first byte to the end of its head.",
     .http_only = true},
    {.name = "Ti",
     .write = idle_time,
     .doc = "Milliseconds the connection was idle before the request.",
     .http_only = true},
    {.name = "Tq",
     .write = whole_request_time,
     .doc = "Milliseconds until the request's head was there: Th + Ti + TR.",
     .http_only = true},
    {.name = "Tr",
     .write = response_time,
     .doc = "Milliseconds the server took to answer; -1 when it never did.",
     .http_only = true,
     .at_end = true},
    {.name = "r", .write = request_line, .doc = "The request's first line.", .http_only = true},
    {.name = "tr",
     .write = request_date,
     .doc = "When the request began, local, with milliseconds.",
     .http_only = true},
    {.name = "trg", .write = request_date_utc, .doc = "When the request began, UTC.", .http_only = true},
    {.name = "trl",
     .write = request_date_local,
     .doc = "When the request began, local, with its zone.",
     .http_only = true},
    {.name = "tsc",
     .write = termination_with_cookies,
     .doc = "As %ts, then what became of the persistence cookie.",
     .http_only = true,
     .at_end = true},
};
static_assert(sample::well_formed(kAliases));

}  // namespace

constinit const std::span<const sample::LogAlias> http_log_aliases{kAliases};

}  // namespace weir::proxy
