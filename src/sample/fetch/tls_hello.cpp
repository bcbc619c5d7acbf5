// What a TLS client says in its hello, seen in passing: version, type, server name, protocols.
//
// Reads raw bytes; weir does not end this TLS. Manual 7.3.5; codec: proto/client_hello.h.
#include "proto/client_hello.h"

#include <functional>

#include "sample/tables.h"

namespace weir::sample {
namespace {

/// A hello cut over several records is joined in the arena, which keeps those bytes only then; nor is it remembered
/// then, for the next rule rewinds the arena.
proto::ClientHelloParse parse_hello(Context& context) {
  const std::size_t mark = context.arena.mark();
  const std::size_t room = std::min(context.arena.room(), proto::kMaxClientHello);
  char* scratch = context.arena.take(room);
  const auto parse = proto::parse_client_hello(context.request->bytes, {scratch, room});
  const char* inside = parse.hello.random.data();
  const bool joined = parse.outcome == proto::HelloOutcome::complete && inside != nullptr &&
                      std::greater_equal<>()(inside, static_cast<const char*>(scratch)) &&
                      std::less<>()(inside, static_cast<const char*>(scratch + room));
  if (joined) return parse;
  context.arena.rewind(mark);
  context.parsed.hello = parse;
  return parse;
}

FetchStatus read_hello(Context& context, proto::ClientHello& hello) {
  if (context.request == nullptr) return FetchStatus::absent;
  context.parsed.look_at(context.request->bytes);
  const auto parse = context.parsed.hello ? *context.parsed.hello : parse_hello(context);
  if (parse.outcome == proto::HelloOutcome::not_tls) return FetchStatus::absent;
  if (parse.outcome == proto::HelloOutcome::need_more) {
    return context.request->closed ? FetchStatus::absent : FetchStatus::need_more;
  }
  hello = parse.hello;
  return FetchStatus::ok;
}

FetchStatus text_or_absent(std::string_view text, Sample& out) {
  if (text.empty()) return FetchStatus::absent;
  out = Sample::string(text);
  return FetchStatus::ok;
}

// The names in the order sent, with commas between them.
FetchStatus req_ssl_alpn(const Args&, Context& context, Sample& out) {
  proto::ClientHello hello;
  const FetchStatus status = read_hello(context, hello);
  if (status != FetchStatus::ok) return status;
  const std::string_view list = hello.alpn_list();
  char* joined = context.arena.take(list.size());
  if (joined == nullptr) return FetchStatus::absent;
  std::size_t size = 0;
  std::size_t position = 0;
  while (const auto name = proto::next_alpn(list, position)) {
    if (size != 0) joined[size++] = ',';
    std::copy(name->begin(), name->end(), joined + size);
    size += name->size();
  }
  return text_or_absent({joined, size}, out);
}

FetchStatus req_ssl_hello_type(const Args&, Context& context, Sample& out) {
  proto::ClientHello hello;
  const FetchStatus status = read_hello(context, hello);
  if (status != FetchStatus::ok) return status;
  if (hello.sslv2_framing) return FetchStatus::absent;
  out = Sample::integer(hello.handshake_type);
  return FetchStatus::ok;
}

FetchStatus req_ssl_sni(const Args&, Context& context, Sample& out) {
  proto::ClientHello hello;
  const FetchStatus status = read_hello(context, hello);
  return status != FetchStatus::ok ? status : text_or_absent(hello.server_name(), out);
}

// Major times 65536 plus minor; SSL 2 is 2.0 although its wire form is 0x0002.
FetchStatus req_ssl_ver(const Args&, Context& context, Sample& out) {
  proto::ClientHello hello;
  const FetchStatus status = read_hello(context, hello);
  if (status != FetchStatus::ok) return status;
  const std::int64_t major = hello.version >> 8;
  const std::int64_t minor = hello.version & 0xff;
  out = Sample::integer(hello.version == 0x0002 ? std::int64_t{2} << 16 : major << 16 | minor);
  return FetchStatus::ok;
}

using namespace std::string_view_literals;
// One record (22, 3.1), one client hello (3.3): random, no session, one cipher, SNI "a.b", ALPN "h2".
constexpr Given kHello = {.request =
                              "\x16\x03\x01\x00\x44\x01\x00\x00\x40\x03\x03"
                              "0123456789abcdef0123456789abcdef"
                              "\x00\x00\x02\x13\x01\x01\x00\x00\x15"
                              "\x00\x00\x00\x08\x00\x06\x00\x00\x03"
                              "a.b"
                              "\x00\x10\x00\x05\x00\x03\x02"
                              "h2"sv};

constexpr Fetch kRows[] = {
    {.name = "req.ssl_alpn",
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_ssl_alpn,
     .doc = "The protocols a TLS client offers by ALPN, in its order, separated by commas.",
     .given = kHello,
     .examples = {{{"req.ssl_alpn", "h2"}}}},
    {.name = "req.ssl_hello_type",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_hello_type,
     .doc = "The type of the TLS handshake message the client begins with; 1 for a complete client hello.",
     .given = kHello,
     .examples = {{{"req.ssl_hello_type", "1"}}}},
    {.name = "req.ssl_sni",
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_ssl_sni,
     .doc = "The server name a TLS client asks for; as sent, so lower its case before comparing.",
     .given = kHello,
     .examples = {{{"req.ssl_sni", "a.b"}}}},
    {.name = "req.ssl_ver",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_ver,
     .doc = "The version of the client's hello, major times 65536 plus minor; ACLs write 3.1 for TLS 1.0.",
     .given = kHello,
     .examples = {{{"req.ssl_ver", "196611"}}}},
    {.name = "req_ssl_hello_type",
     .deprecated_for = "req.ssl_hello_type",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_hello_type,
     .doc = "An older name of req.ssl_hello_type."},
    {.name = "req_ssl_sni",
     .deprecated_for = "req.ssl_sni",
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_ssl_sni,
     .doc = "An older name of req.ssl_sni."},
    {.name = "req_ssl_ver",
     .deprecated_for = "req.ssl_ver",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_ver,
     .doc = "An older name of req.ssl_ver."},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> tls_hello_fetches{kRows};
}  // namespace weir::sample
