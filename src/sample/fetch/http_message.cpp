// Method, version, status, and the body as far as it is there. Manual 7.3.6.
#include "sample/fetch/http.h"
#include "sample/fetch/http_parameter.h"
#include "sample/tables.h"

namespace weir::sample {
namespace {

namespace http = proto::http;

FetchStatus method(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, Side::request, message); status != FetchStatus::ok)
    return status;
  out = Sample::method(message.head->method_text);
  return FetchStatus::ok;
}

FetchStatus status(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus found = find_message(context, Side::response, message); found != FetchStatus::ok) return found;
  out = Sample::integer(message.head->status);
  return FetchStatus::ok;
}

template <Side side>
FetchStatus version(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const std::string_view odd = message.head->odd_version;
  const std::string_view text = odd.empty() ? http::version_text(message.head->version) : odd;
  out = Sample::string(text.substr(text.find('/') + 1));
  return FetchStatus::ok;
}

template <Side side>
FetchStatus body(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  out = Sample::binary(message.body);
  return FetchStatus::ok;
}

template <Side side>
FetchStatus body_len(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  out = Sample::integer(static_cast<std::int64_t>(message.body.size()));
  return FetchStatus::ok;
}

template <Side side>
FetchStatus body_size(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const auto length = message.head->value(http::FieldId::content_length);
  out = Sample::integer(length ? leading_integer(*length) : static_cast<std::int64_t>(message.body.size()));
  return FetchStatus::ok;
}

FetchStatus req_body_param(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, Side::request, message); status != FetchStatus::ok)
    return status;
  const auto value = next_parameter(*static_cast<const PreparedParameter*>(args.prepared), message.body, context);
  if (!value) return FetchStatus::absent;
  out = Sample::string(*value);
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> prepare_body_param(const Args& args) {
  if (args.has(1) && args[1].text != "i") return fail("the second argument is 'i' or not there");
  auto made = std::make_shared<PreparedParameter>();
  if (args.has(0)) made->name = args[0].text;
  made->ends = "&";
  made->ignore_case = args.has(1);
  return std::shared_ptr<const void>(std::move(made));
}

constexpr std::string_view kPost = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\nuser=bob&Pin=4 ";
constexpr std::string_view kAnswer = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry";
constexpr std::string_view kBody = "The body, as far as it is in the buffer.";
constexpr std::string_view kBodyLength = "How many bytes of the body are in the buffer.";
constexpr std::string_view kBodySize =
    "The size of the body as Content-Length says it; without one, of what is in the buffer.";

constexpr Fetch kRows[] = {
    {.name = "method",
     .needs = Facts::http_request,
     .out = Type::method,
     .fetch = method,
     .doc = "The request's method.",
     .given = {.request = kPost},
     .examples = {{{"method", "POST"}}}},
    {.name = "req.body",
     .needs = Facts::http_request,
     .out = Type::binary,
     .fetch = body<Side::request>,
     .doc = kBody,
     .given = {.request = kPost},
     .examples = {{{"req.body", "user=bob&Pin=4"}}}},
    {.name = "req.body_len",
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = body_len<Side::request>,
     .doc = kBodyLength,
     .given = {.request = kPost},
     .examples = {{{"req.body_len", "14"}}}},
    {.name = "req.body_param",
     .args = args(0, {ArgKind::string, ArgKind::string}),
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = req_body_param,
     .prepare = prepare_body_param,
     .doc =
         "The first value of a parameter in a body that is a form; a second argument i ignores the name's case. An ACL "
         "looks at all values.",
     .given = {.request = kPost},
     .examples = {{{"req.body_param(user)", "bob"}, {"req.body_param(pin)", "", true}, {"req.body_param(pin,i)", "4"}}},
     .each = true},
    {.name = "req.body_size",
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = body_size<Side::request>,
     .doc = kBodySize,
     .given = {.request = kPost},
     .examples = {{{"req.body_size", "14"}}}},
    {.name = "req.ver",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = version<Side::request>,
     .doc = "The request's HTTP version: 1.0, 1.1, 2.0 or 3.0.",
     .given = {.request = kPost},
     .examples = {{{"req.ver", "1.1"}}}},
    {.name = "req_ver",
     .deprecated_for = "req.ver",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = version<Side::request>,
     .doc = "An older name of req.ver."},
    {.name = "res.body",
     .needs = Facts::http_response,
     .out = Type::binary,
     .fetch = body<Side::response>,
     .doc = kBody,
     .given = {.response = kAnswer},
     .examples = {{{"res.body", "sorry"}}}},
    {.name = "res.body_len",
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = body_len<Side::response>,
     .doc = kBodyLength,
     .given = {.response = kAnswer},
     .examples = {{{"res.body_len", "5"}}}},
    {.name = "res.body_size",
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = body_size<Side::response>,
     .doc = kBodySize,
     .given = {.response = kAnswer},
     .examples = {{{"res.body_size", "5"}}}},
    {.name = "res.ver",
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = version<Side::response>,
     .doc = "The response's HTTP version.",
     .given = {.response = kAnswer},
     .examples = {{{"res.ver", "1.1"}}}},
    {.name = "resp_ver",
     .deprecated_for = "res.ver",
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = version<Side::response>,
     .doc = "An older name of res.ver."},
    {.name = "status",
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = status,
     .doc = "The response's status code.",
     .given = {.response = kAnswer},
     .examples = {{{"status", "404"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_message_fetches{kRows};
}  // namespace weir::sample
