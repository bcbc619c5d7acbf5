// The request's target and what it is made of: url, path, query, parameters, and with the Host before them, base.
// Manual 7.3.6; codec: proto/http/uri.h.
#include "base/avalanche.h"
#include "proto/http/uri.h"
#include "sample/fetch/http.h"
#include "sample/fetch/http_parameter.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

namespace http = proto::http;

http::Target target_of(const http::Head& head) {
  return http::split_target(head.target, head.method == http::Method::connect);
}

FetchStatus find_target(Context& context, HttpMessage& message, http::Target& target) {
  if (const FetchStatus status = find_message(context, Side::request, message); status != FetchStatus::ok)
    return status;
  target = target_of(*message.head);
  return FetchStatus::ok;
}

FetchStatus text_or_absent(std::string_view text, Sample& out) {
  if (text.empty()) return FetchStatus::absent;
  out = Sample::string(text);
  return FetchStatus::ok;
}

FetchStatus url(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, Side::request, message); status != FetchStatus::ok)
    return status;
  return text_or_absent(message.head->target, out);
}

FetchStatus path(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  http::Target target;
  if (const FetchStatus status = find_target(context, message, target); status != FetchStatus::ok) return status;
  return text_or_absent(http::path_of(target.path_query), out);
}

FetchStatus pathq(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  http::Target target;
  if (const FetchStatus status = find_target(context, message, target); status != FetchStatus::ok) return status;
  return text_or_absent(target.path_query, out);
}

FetchStatus query(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  http::Target target;
  if (const FetchStatus status = find_target(context, message, target); status != FetchStatus::ok) return status;
  const auto text = http::query_of(target.path_query);
  if (!text) return FetchStatus::absent;
  const bool with_mark = args.has(0) && !text->empty();
  out = Sample::string(with_mark ? std::string_view(text->data() - 1, text->size() + 1) : *text);
  return FetchStatus::ok;
}
Result<std::shared_ptr<const void>> check_query(const Args& args) {
  if (args.has(0) && args[0].text != "with_qm") return fail("the option is 'with_qm'");
  return std::shared_ptr<const void>();
}

/// The first Host's value and a part of the target: a base is both, put together.
struct Base {
  std::string_view host;
  std::string_view rest;
};
FetchStatus find_base(Context& context, bool with_query, Base& base) {
  HttpMessage message;
  http::Target target;
  if (const FetchStatus status = find_target(context, message, target); status != FetchStatus::ok) return status;
  base.host = message.head->value(http::FieldId::host).value_or("");
  base.rest = with_query ? target.path_query : http::path_of(target.path_query);
  return FetchStatus::ok;
}

template <bool with_query>
FetchStatus base(const Args&, Context& context, Sample& out) {
  Base parts;
  if (const FetchStatus status = find_base(context, with_query, parts); status != FetchStatus::ok) return status;
  if (parts.host.empty()) return text_or_absent(parts.rest, out);
  const auto text = joined_copy({parts.host, parts.rest}, context.arena);
  if (text) out = Sample::string(*text);
  return text ? FetchStatus::ok : FetchStatus::absent;
}

std::uint32_t hash_of(const Base& parts) {
  std::uint32_t hash = 0;
  for (const std::string_view part : {parts.host, parts.rest}) {
    for (const char c : part) hash = hash * 65599 + static_cast<unsigned char>(c);
  }
  return avalanche(hash);
}

template <bool with_query>
FetchStatus base32(const Args&, Context& context, Sample& out) {
  Base parts;
  if (const FetchStatus status = find_base(context, with_query, parts); status != FetchStatus::ok) return status;
  out = Sample::integer(hash_of(parts));
  return FetchStatus::ok;
}

/// The hash's four bytes, then the client's 4 or 16.
template <bool with_query>
FetchStatus base32_src(const Args&, Context& context, Sample& out) {
  Base parts;
  if (const FetchStatus status = find_base(context, with_query, parts); status != FetchStatus::ok) return status;
  if (context.client == nullptr || context.client->source == nullptr) return FetchStatus::absent;
  const std::uint32_t hash = htonl(hash_of(parts));
  std::array<char, 20> bytes;
  std::memcpy(bytes.data(), &hash, sizeof hash);
  std::size_t size = sizeof hash;
  const SocketAddress& source = *context.client->source;
  if (source.family() == AddressFamily::ipv4) {
    const std::uint32_t address = htonl(source.ipv4_host_order());
    std::memcpy(bytes.data() + size, &address, sizeof address);
    size += sizeof address;
  } else if (source.family() == AddressFamily::ipv6) {
    const in6_addr address = source.ipv6_address();
    std::memcpy(bytes.data() + size, &address, sizeof address);
    size += sizeof address;
  } else {
    return FetchStatus::absent;
  }
  const auto copy = context.arena.copy({bytes.data(), size});
  if (!copy) return FetchStatus::absent;
  out = Sample::binary(*copy);
  return FetchStatus::ok;
}

/// COMPAT: of absolute targets only, not of CONNECT's.
FetchStatus find_authority(Context& context, std::string_view& authority) {
  HttpMessage message;
  http::Target target;
  if (const FetchStatus status = find_target(context, message, target); status != FetchStatus::ok) return status;
  if (target.scheme.empty()) return FetchStatus::absent;
  authority = http::without_user(target.authority);
  return FetchStatus::ok;
}

FetchStatus url_ip(const Args&, Context& context, Sample& out) {
  std::string_view authority;
  if (const FetchStatus status = find_authority(context, authority); status != FetchStatus::ok) return status;
  std::string_view host = http::host_of(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  out = Sample::string(host);
  return cast(out, Type::address, context.arena) ? FetchStatus::ok : FetchStatus::absent;
}

FetchStatus url_port(const Args&, Context& context, Sample& out) {
  std::string_view authority;
  if (const FetchStatus status = find_authority(context, authority); status != FetchStatus::ok) return status;
  out = Sample::integer(http::port_of(authority).value_or(80));
  return FetchStatus::ok;
}

/// Where in the target they begin, behind the first `delimiter` of its path and query; 0: nowhere.
std::size_t parameters_start(const http::Head& head, char delimiter) {
  const std::string_view text = target_of(head).path_query;
  const std::size_t at = text.find(delimiter);
  return at == std::string_view::npos ? 0 : head.target.size() - text.size() + at + 1;
}

/// The first parameter of that name; for an ACL, one after the other.
template <bool integer>
FetchStatus urlp(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, Side::request, message); status != FetchStatus::ok)
    return status;
  const auto& wanted = *static_cast<const PreparedParameter*>(args.prepared);
  // An ACL remembers where they begin: to look for that again for each would cost a pass over the target.
  std::size_t start = context.each != nullptr ? context.each->item : 0;
  if (start == 0) start = parameters_start(*message.head, wanted.start);
  if (start == 0) return FetchStatus::absent;
  if (context.each != nullptr) context.each->item = start;
  const auto value = next_parameter(wanted, message.head->target.substr(start), context);
  if (!value) return FetchStatus::absent;
  out = integer ? Sample::integer(leading_integer(*value)) : Sample::string(*value);
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> prepare_urlp(const Args& args) {
  if (args.has(2) && args[2].text != "i") return fail("the third argument is 'i' or not there");
  const std::string_view delimiter = args.has(1) ? std::string_view(args[1].text).substr(0, 1) : std::string_view();
  auto made = std::make_shared<PreparedParameter>();
  if (args.has(0)) made->name = args[0].text;
  made->ends = "&;";
  made->ends += delimiter;
  if (!delimiter.empty()) made->start = delimiter.front();
  made->ignore_case = args.has(2);
  return std::shared_ptr<const void>(std::move(made));
}

constexpr ArgSpec kParameter = args(0, {ArgKind::string, ArgKind::string, ArgKind::string});
constexpr std::string_view kRequest =
    "GET /shop/cart;JSESSIONID=17?item=3&item=4&Colour=red HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
constexpr std::string_view kAbsolute = "GET http://10.0.0.9:8080/a?b HTTP/1.1\r\nHost: 10.0.0.9:8080\r\n\r\n";
constexpr std::string_view kUrlParameter =
    "The first value of a parameter of the query, or of all behind another delimiter; a third argument i ignores the "
    "name's case. An ACL looks at all values.";

constexpr Fetch kRows[] = {
    {.name = "base",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = base<false>,
     .doc = "The Host followed by the path, without the query.",
     .given = {.request = kRequest},
     .examples = {{{"base", "www.example.com/shop/cart;JSESSIONID=17"}}}},
    {.name = "base32",
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = base32<false>,
     .doc = "The mixed hash of base, as base,sdbm(1) gives it.",
     .given = {.request = "GET /p/q;a=0?b HTTP/1.1\r\nHost: h:81\r\n\r\n"},
     .examples = {{{"base32", "466567010"}, {"base,sdbm(1)", "466567010"}}}},
    {.name = "base32+src",
     .needs = Facts::http_request,
     .out = Type::binary,
     .fetch = base32_src<false>,
     .doc = "The four bytes of base32, followed by those of the client's address.",
     .given = {.request = "GET /p/q;a=0?b HTTP/1.1\r\nHost: h:81\r\n\r\n"},
     .examples = {{{"base32+src,hex", "1BCF3F62C0000207"}}}},
    {.name = "baseq",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = base<true>,
     .doc = "The Host followed by the path and the query.",
     .given = {.request = kAbsolute},
     .examples = {{{"baseq", "10.0.0.9:8080/a?b"}}}},
    {.name = "path",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = path,
     .doc = "The target's path, from its first slash to the question mark.",
     .given = {.request = kRequest},
     .examples = {{{"path", "/shop/cart;JSESSIONID=17"}}}},
    {.name = "pathq",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = pathq,
     .doc = "The path and the query, whatever form the target has.",
     .given = {.request = kAbsolute},
     .examples = {{{"pathq", "/a?b"}}}},
    {.name = "query",
     .args = args(0, {ArgKind::string}),
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = query,
     .prepare = check_query,
     .doc = "What stands behind the first question mark; with_qm puts the mark before it, unless it is empty.",
     .given = {.request = kAbsolute},
     .examples = {{{"query", "b"}, {"query(with_qm)", "?b"}}}},
    {.name = "url",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = url,
     .doc = "The target as the client sent it.",
     .given = {.request = kAbsolute},
     .examples = {{{"url", "http://10.0.0.9:8080/a?b"}}}},
    {.name = "url32",
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = base32<true>,
     .doc = "The mixed hash of the Host, the path and the query.",
     .given = {.request = "GET /p/q;a=0?a=1&b=x&a=2;c=3 HTTP/1.1\r\nHost: h:81\r\n\r\n"},
     .examples = {{{"url32", "1179604315"}}}},
    {.name = "url32+src",
     .needs = Facts::http_request,
     .out = Type::binary,
     .fetch = base32_src<true>,
     .doc = "The four bytes of url32, followed by those of the client's address.",
     .given = {.request = "GET /p/q;a=0?a=1&b=x&a=2;c=3 HTTP/1.1\r\nHost: h:81\r\n\r\n"},
     .examples = {{{"url32+src,hex", "464F555BC0000207"}}}},
    {.name = "url_ip",
     .needs = Facts::http_request,
     .out = Type::address,
     .fetch = url_ip,
     .doc = "The host of an absolute target, when it is an address.",
     .given = {.request = kAbsolute},
     .examples = {{{"url_ip", "10.0.0.9"}}}},
    {.name = "url_param",
     .args = kParameter,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = urlp<false>,
     .prepare = prepare_urlp,
     .doc = kUrlParameter,
     .given = {.request = kRequest},
     .examples = {{{"url_param(item)", "3"}, {"url_param", "3"}}},
     .each = true},
    {.name = "url_port",
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = url_port,
     .doc = "The port of an absolute target, 80 when it has none.",
     .given = {.request = kAbsolute},
     .examples = {{{"url_port", "8080"}}}},
    {.name = "urlp",
     .args = kParameter,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = urlp<false>,
     .prepare = prepare_urlp,
     .doc = kUrlParameter,
     .given = {.request = kRequest},
     .examples = {{{"urlp(item)", "3"},
                   {"urlp(JSESSIONID,;)", "17?item=3"},
                   {"urlp(colour)", "", true},
                   {"urlp(colour,,i)", "red"}}},
     .each = true},
    {.name = "urlp_val",
     .args = kParameter,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = urlp<true>,
     .prepare = prepare_urlp,
     .doc = "The first value of a parameter as an integer; 0 for what does not begin with one.",
     .given = {.request = kRequest},
     .examples = {{{"urlp_val(item)", "3"}}},
     .each = true},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_target_fetches{kRows};
}  // namespace weir::sample
