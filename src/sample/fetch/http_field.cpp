// Fields of the head: values, counts, names, all of them. Manual 7.3.6: req.hdr and its relatives.
//
// hdr splits a field's value where its commas are, fhdr does not. Both take the last value when no number is given;
// used by an ACL without a number they give one value after the other.
#include "proto/http/uri.h"
#include "proto/varying.h"
#include "sample/fetch/http.h"
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

namespace http = proto::http;

const http::FieldName* name_of(const Args& args) {
  const auto* prepared = static_cast<const PreparedName*>(args.prepared);
  return prepared == nullptr ? nullptr : &prepared->field;
}

/// One value, which `make` turns into a sample; false of `make`: this one has no such form.
template <typename Make>
FetchStatus value_of(const Args& args, Context& context, Side side, bool whole, Make make, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  const http::FieldName* name = name_of(args);
  if (context.each == nullptr || args.has(1)) {
    const auto value = http::nth_value(*message.head, name, whole, args.integer_or(1, -1));
    return value && make(*value, out) ? FetchStatus::ok : FetchStatus::absent;
  }
  http::ValueWalk walk(*message.head, name, whole);
  walk.go_to({.field = context.each->item, .offset = context.each->offset});
  while (const auto value = walk.next()) {
    if (!make(*value, out)) continue;
    context.each->go_on(walk.place().field, walk.place().offset);
    return FetchStatus::ok;
  }
  return FetchStatus::absent;
}

bool as_text(std::string_view value, Sample& out) {
  out = Sample::string(value);
  return true;
}
bool as_integer(std::string_view value, Sample& out) {
  out = Sample::integer(leading_integer(value));
  return true;
}

/// RFC 7239 6: an IPv6 address with a port stands in brackets; manual: an IPv4 address may have a port, which is
/// dropped.
bool as_address(std::string_view value, Sample& out) {
  auto address = parse_address(value);
  if (!address) {
    std::string_view host = http::host_of(value);
    if (host.size() != value.size() && !http::port_of(value)) return false;
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    address = parse_address(host);
    if (!address || address->type() != (bracketed ? Type::ipv6 : Type::ipv4)) return false;
  }
  out = *address;
  return true;
}

template <Side side, bool whole>
FetchStatus text_value(const Args& args, Context& context, Sample& out) {
  return value_of(args, context, side, whole, as_text, out);
}
template <Side side>
FetchStatus integer_value(const Args& args, Context& context, Sample& out) {
  return value_of(args, context, side, false, as_integer, out);
}
template <Side side>
FetchStatus address_value(const Args& args, Context& context, Sample& out) {
  return value_of(args, context, side, false, as_address, out);
}
template <Side side, bool whole>
FetchStatus value_count(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  out = Sample::integer(static_cast<std::int64_t>(http::count_values(*message.head, name_of(args), whole)));
  return FetchStatus::ok;
}

template <Side side>
FetchStatus names(const Args& args, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  Joined joined(context.arena, args.has(0) && !args[0].text.empty() ? std::string_view(args[0].text) : ",");
  for (const http::Field& field : message.head->fields()) {
    if (!field.removed && !joined.add(field.name, true)) return FetchStatus::absent;
  }
  out = Sample::string(joined.text());
  return FetchStatus::ok;
}

template <Side side>
FetchStatus lines(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  Joined joined(context.arena, "");
  for (const http::Field& field : message.head->fields()) {
    if (field.removed) continue;
    if (!joined.add(field.name, true) || !joined.add(": ") || !joined.add(field.value) || !joined.add("\r\n"))
      return FetchStatus::absent;
  }
  if (!joined.add("\r\n")) return FetchStatus::absent;
  out = Sample::string(joined.text());
  return FetchStatus::ok;
}

bool add_length(Joined& joined, std::size_t length) {
  std::array<char, proto::kLongestVarying> bytes;
  return joined.add({bytes.data(), proto::put_varying(length, bytes)});
}

template <Side side>
FetchStatus binary(const Args&, Context& context, Sample& out) {
  HttpMessage message;
  if (const FetchStatus status = find_message(context, side, message); status != FetchStatus::ok) return status;
  Joined joined(context.arena, "");
  for (const http::Field& field : message.head->fields()) {
    if (field.removed) continue;
    if (!add_length(joined, field.name.size()) || !joined.add(field.name, true)) return FetchStatus::absent;
    if (!add_length(joined, field.value.size()) || !joined.add(field.value)) return FetchStatus::absent;
  }
  if (!joined.add(std::string_view("\0\0", 2))) return FetchStatus::absent;
  out = Sample::binary(joined.text());
  return FetchStatus::ok;
}

constexpr ArgSpec kNumbered = args(0, {ArgKind::string, ArgKind::integer});
constexpr ArgSpec kNamed = args(0, {ArgKind::string});
constexpr ArgSpec kFullLine = args(1, {ArgKind::string, ArgKind::integer});
constexpr std::string_view kRequest =
    "GET /a HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.2:8080\r\nX-Forwarded-For: "
    "[2001:db8::1]:9\r\n"
    "Age: 12\r\nAgent: a, b\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVary: a, b\r\nVia: 192.0.2.9\r\nDate: Sun, 06 Nov 1994 08:49:37 "
    "GMT\r\n\r\n";
constexpr std::string_view kValue =
    "A value of a request's field, split at commas: the last one, or the nth, counted from the end when negative; "
    "without a name, of all fields. An ACL without a number looks at all values.";
constexpr std::string_view kWhole = "A whole value of a field, commas and all: the last one, or the nth.";
constexpr std::string_view kCount =
    "How many values a field has, split at commas; without a name, all fields together.";
constexpr std::string_view kWholeCount = "How often a field is there; without a name, how many fields there are.";
constexpr std::string_view kAddress =
    "A value as an address, whose port, if there is one, is dropped; what is none is absent.";
constexpr std::string_view kInteger = "A value as an integer; 0 for what does not begin with one.";
constexpr std::string_view kNames =
    "The names of all fields, in order, with a comma or another delimiter between them.";
constexpr std::string_view kLines = "All fields, one a line, with the empty line that ends them.";
constexpr std::string_view kBinary =
    "All fields as names and values, a length of SPOE before each, two empty ones at the end.";

constexpr Fetch kRows[] = {
    {.name = "hdr",
     .args = kNumbered,
     .out = Type::string,
     .fetch = text_value<Side::either, false>,
     .prepare = prepare_field_name,
     .doc = "req.hdr in requests and res.hdr in responses.",
     .given = {.request = kRequest},
     .examples = {{{"hdr(host)", "a.example"}}},
     .each = true},
    {.name = "hdr_cnt",
     .deprecated_for = "req.hdr_cnt",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = value_count<Side::request, false>,
     .prepare = prepare_field_name,
     .doc = kCount},
    {.name = "hdr_ip",
     .deprecated_for = "req.hdr_ip",
     .args = kNumbered,
     .needs = Facts::http_request,
     .out = Type::address,
     .fetch = address_value<Side::request>,
     .prepare = prepare_field_name,
     .doc = kAddress,
     .each = true},
    {.name = "hdr_val",
     .deprecated_for = "req.hdr_val",
     .args = kNumbered,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = integer_value<Side::request>,
     .prepare = prepare_field_name,
     .doc = kInteger,
     .each = true},
    {.name = "req.fhdr",
     .args = kFullLine,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = text_value<Side::request, true>,
     .prepare = prepare_field_name,
     .doc = kWhole,
     .given = {.request = kRequest},
     .examples = {{{"req.fhdr(agent)", "a, b"},
                   {"req.fhdr(x-forwarded-for,1)", "192.0.2.1, 198.51.100.2:8080"},
                   {"req.fhdr(x-forwarded-for,3)", "", true}}},
     .each = true},
    {.name = "req.fhdr_cnt",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = value_count<Side::request, true>,
     .prepare = prepare_field_name,
     .doc = kWholeCount,
     .given = {.request = kRequest},
     .examples = {{{"req.fhdr_cnt(X-Forwarded-For)", "2"}, {"req.fhdr_cnt", "5"}}}},
    {.name = "req.hdr",
     .args = kNumbered,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = text_value<Side::request, false>,
     .prepare = prepare_field_name,
     .doc = kValue,
     .given = {.request = kRequest},
     .examples = {{{"req.hdr(X-Forwarded-For)", "[2001:db8::1]:9"},
                   {"req.hdr(x-forwarded-for,1)", "192.0.2.1"},
                   {"req.hdr(x-forwarded-for,-2)", "198.51.100.2:8080"},
                   {"req.hdr(x-forwarded-for,4)", "", true},
                   {"req.hdr(none)", "", true},
                   {"req.hdr(,1)", "a.example"}}},
     .each = true},
    {.name = "req.hdr_cnt",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = value_count<Side::request, false>,
     .prepare = prepare_field_name,
     .doc = kCount,
     .given = {.request = kRequest},
     .examples = {{{"req.hdr_cnt(x-forwarded-for)", "3"}, {"req.hdr_cnt(none)", "0"}, {"req.hdr_cnt", "7"}}}},
    {.name = "req.hdr_ip",
     .args = kNumbered,
     .needs = Facts::http_request,
     .out = Type::address,
     .fetch = address_value<Side::request>,
     .prepare = prepare_field_name,
     .doc = kAddress,
     .given = {.request = kRequest},
     .examples = {{{"req.hdr_ip(x-forwarded-for,2)", "198.51.100.2"},
                   {"req.hdr_ip(x-forwarded-for)", "2001:db8::1"},
                   {"req.hdr_ip(host)", "", true}}},
     .each = true},
    {.name = "req.hdr_names",
     .args = kNamed,
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = names<Side::request>,
     .doc = kNames,
     .given = {.request = "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nX: c\r\n\r\n"},
     .examples = {{{"req.hdr_names", "host,x,x"}, {"req.hdr_names(;)", "host;x;x"}}}},
    {.name = "req.hdr_val",
     .args = kNumbered,
     .needs = Facts::http_request,
     .out = Type::integer,
     .fetch = integer_value<Side::request>,
     .prepare = prepare_field_name,
     .doc = kInteger,
     .given = {.request = kRequest},
     .examples = {{{"req.hdr_val(age)", "12"}, {"req.hdr_val(host)", "0"}, {"req.hdr_val(none)", "", true}}},
     .each = true},
    {.name = "req.hdrs",
     .needs = Facts::http_request,
     .out = Type::string,
     .fetch = lines<Side::request>,
     .doc = kLines,
     .given = {.request = "GET / HTTP/1.1\r\nHost:  a\r\n\r\n"},
     .examples = {{{"req.hdrs", "host: a\r\n\r\n"}}}},
    {.name = "req.hdrs_bin",
     .needs = Facts::http_request,
     .out = Type::binary,
     .fetch = binary<Side::request>,
     .doc = kBinary,
     .given = {.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
     .examples = {{{"req.hdrs_bin,hex", "04686F737401610000"}}}},
    {.name = "res.fhdr",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = text_value<Side::response, true>,
     .prepare = prepare_field_name,
     .doc = kWhole,
     .given = {.response = kResponse},
     .examples = {{{"res.fhdr(date)", "Sun, 06 Nov 1994 08:49:37 GMT"}}},
     .each = true},
    {.name = "res.fhdr_cnt",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = value_count<Side::response, true>,
     .prepare = prepare_field_name,
     .doc = kWholeCount,
     .given = {.response = kResponse},
     .examples = {{{"res.fhdr_cnt(vary)", "1"}}}},
    {.name = "res.hdr",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = text_value<Side::response, false>,
     .prepare = prepare_field_name,
     .doc = "A value of a response's field, as req.hdr gives one of a request's.",
     .given = {.response = kResponse},
     .examples = {{{"res.hdr(vary)", "b"}, {"res.hdr(vary,1)", "a"}}},
     .each = true},
    {.name = "res.hdr_cnt",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = value_count<Side::response, false>,
     .prepare = prepare_field_name,
     .doc = kCount,
     .given = {.response = kResponse},
     .examples = {{{"res.hdr_cnt(vary)", "2"}}}},
    {.name = "res.hdr_ip",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::address,
     .fetch = address_value<Side::response>,
     .prepare = prepare_field_name,
     .doc = kAddress,
     .given = {.response = kResponse},
     .examples = {{{"res.hdr_ip(via)", "192.0.2.9"}}},
     .each = true},
    {.name = "res.hdr_names",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = names<Side::response>,
     .doc = kNames,
     .given = {.response = kResponse},
     .examples = {{{"res.hdr_names", "content-length,vary,via,date"}}}},
    {.name = "res.hdr_val",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = integer_value<Side::response>,
     .prepare = prepare_field_name,
     .doc = kInteger,
     .given = {.response = kResponse},
     .examples = {{{"res.hdr_val(content-length)", "0"}}},
     .each = true},
    {.name = "res.hdrs",
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = lines<Side::response>,
     .doc = kLines,
     .given = {.response = "HTTP/1.1 204 No Content\r\nAge: 1\r\n\r\n"},
     .examples = {{{"res.hdrs", "age: 1\r\n\r\n"}}}},
    {.name = "res.hdrs_bin",
     .needs = Facts::http_response,
     .out = Type::binary,
     .fetch = binary<Side::response>,
     .doc = kBinary,
     .given = {.response = "HTTP/1.1 204 No Content\r\nAge: 1\r\n\r\n"},
     .examples = {{{"res.hdrs_bin,hex", "0361676501310000"}}}},
    {.name = "shdr",
     .deprecated_for = "res.hdr",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::string,
     .fetch = text_value<Side::response, false>,
     .prepare = prepare_field_name,
     .doc = "An older name of res.hdr.",
     .each = true},
    {.name = "shdr_cnt",
     .deprecated_for = "res.hdr_cnt",
     .args = kNamed,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = value_count<Side::response, false>,
     .prepare = prepare_field_name,
     .doc = "An older name of res.hdr_cnt."},
    {.name = "shdr_ip",
     .deprecated_for = "res.hdr_ip",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::address,
     .fetch = address_value<Side::response>,
     .prepare = prepare_field_name,
     .doc = "An older name of res.hdr_ip.",
     .each = true},
    {.name = "shdr_val",
     .deprecated_for = "res.hdr_val",
     .args = kNumbered,
     .needs = Facts::http_response,
     .out = Type::integer,
     .fetch = integer_value<Side::response>,
     .prepare = prepare_field_name,
     .doc = "An older name of res.hdr_val.",
     .each = true},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> http_field_fetches{kRows};
}  // namespace weir::sample
