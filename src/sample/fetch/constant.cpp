// Constants of each type: what tests and converters start from. Manual 7.3.2.
#include "sample/tables.h"
#include "sample/text.h"

namespace weir::sample {
namespace {

FetchStatus always_false(const Args&, Context&, Sample& out) {
  out = Sample::boolean(false);
  return FetchStatus::ok;
}
FetchStatus always_true(const Args&, Context&, Sample& out) {
  out = Sample::boolean(true);
  return FetchStatus::ok;
}
FetchStatus bin(const Args& args, Context&, Sample& out) {
  out = Sample::binary(*static_cast<const std::string*>(args.prepared));
  return FetchStatus::ok;
}
FetchStatus boolean(const Args& args, Context&, Sample& out) {
  out = Sample::boolean(args.prepared != nullptr);
  return FetchStatus::ok;
}
FetchStatus integer(const Args& args, Context&, Sample& out) {
  out = Sample::integer(args[0].integer);
  return FetchStatus::ok;
}
FetchStatus ipv4(const Args& args, Context&, Sample& out) {
  out = Sample::ipv4(static_cast<std::uint32_t>(args[0].integer));
  return FetchStatus::ok;
}
FetchStatus ipv6(const Args& args, Context&, Sample& out) {
  out = Sample::ipv6(args[0].ipv6);
  return FetchStatus::ok;
}
FetchStatus meth(const Args& args, Context&, Sample& out) {
  out = Sample::method(args[0].text);
  return FetchStatus::ok;
}
FetchStatus str(const Args& args, Context&, Sample& out) {
  out = Sample::string(args.has(0) ? std::string_view(args[0].text) : std::string_view());
  return FetchStatus::ok;
}

Result<std::shared_ptr<const void>> prepare_bin(const Args& args) {
  auto bytes = from_hex(args[0].text);
  if (!bytes) return fail("an even number of hexadecimal digits was expected");
  return std::make_shared<const std::string>(std::move(*bytes));
}
Result<std::shared_ptr<const void>> prepare_bool(const Args& args) {
  const std::string& text = args[0].text;
  if (text == "true" || text == "1") return std::make_shared<const bool>(true);
  if (text == "false" || text == "0") return std::shared_ptr<const void>();
  return fail("true or false was expected");
}

constexpr Fetch kRows[] = {
    {.name = "always_false",
     .out = Type::boolean,
     .fetch = always_false,
     .doc = "False, always: a rule can be switched off by it for a test.",
     .examples = {{{"always_false", "0"}}}},
    {.name = "always_true",
     .out = Type::boolean,
     .fetch = always_true,
     .doc = "True, always: stands in for a condition while testing.",
     .examples = {{{"always_true", "1"}}}},
    {.name = "bin",
     .args = args(1, {ArgKind::string}),
     .out = Type::binary,
     .fetch = bin,
     .prepare = prepare_bin,
     .doc = "The bytes that the hexadecimal digits spell.",
     .examples = {{{"bin(0a6f)", "\no"}}}},
    {.name = "bool",
     .args = args(1, {ArgKind::string}),
     .out = Type::boolean,
     .fetch = boolean,
     .prepare = prepare_bool,
     .doc = "The boolean named: true, false, 1 or 0.",
     .examples = {{{"bool(true)", "1"}, {"bool(0)", "0"}}}},
    {.name = "int",
     .args = args(1, {ArgKind::integer}),
     .out = Type::integer,
     .fetch = integer,
     .doc = "The integer given, of 64 bits and signed.",
     .examples = {{{"int(-5)", "-5"}}}},
    {.name = "ipv4",
     .args = args(1, {ArgKind::ipv4}),
     .out = Type::ipv4,
     .fetch = ipv4,
     .doc = "The IPv4 address given.",
     .examples = {{{"ipv4(192.0.2.1)", "192.0.2.1"}}}},
    {.name = "ipv6",
     .args = args(1, {ArgKind::ipv6}),
     .out = Type::ipv6,
     .fetch = ipv6,
     .doc = "The IPv6 address given.",
     .examples = {{{"ipv6(2001:db8::1)", "2001:db8::1"}}}},
    {.name = "meth",
     .args = args(1, {ArgKind::string}),
     .out = Type::method,
     .fetch = meth,
     .doc = "The HTTP method given.",
     .examples = {{{"meth(GET)", "GET"}}}},
    {.name = "str",
     .args = args(0, {ArgKind::string}),
     .out = Type::string,
     .fetch = str,
     .doc = "The string given, or an empty one; quote it when it holds ',' or ')'.",
     .examples = {{{"str(abc)", "abc"}, {"str()", ""}, {"str('a,b)c')", "a,b)c"}, {"str(a\\,b)", "a,b"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> constant_fetches{kRows};
}  // namespace weir::sample
