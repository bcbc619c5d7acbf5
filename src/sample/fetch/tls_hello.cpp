// What a TLS client says in its hello, seen in passing: version, type, server name, protocols, lists of what it can do;
// and that a server answered with one.
//
// Reads raw bytes; weir does not end this TLS. Lists are the bytes of the hello, two for each entry, GREASE values
// (RFC 8701) included. Manual 7.3.5; codecs: proto/client_hello.h, proto/server_hello.h.
#include "proto/client_hello.h"

#include <functional>

#include "proto/server_hello.h"

#include "sample/tables.h"

namespace weir::sample {
namespace {

/// The hello of a request: the one that was read before, for twenty rules look at the same one, or one of our own. A
/// hello cut over several records is joined in the arena, which keeps those bytes only then; nor is it remembered then,
/// for the next rule rewinds the arena.
class Hello {
 public:
  const proto::ClientHello* operator->() const { return &parse_->hello; }
  FetchStatus read(Context& context);

 private:
  void parse(Context& context);
  const proto::ClientHelloParse* parse_ = nullptr;
  std::optional<proto::ClientHelloParse> own_;
};

void Hello::parse(Context& context) {
  const std::size_t mark = context.arena.mark();
  const std::size_t room = std::min(context.arena.room(), proto::kMaxClientHello);
  char* scratch = context.arena.take(room);
  own_ = proto::parse_client_hello(context.request->bytes, {scratch, room});
  parse_ = &*own_;
  const char* inside = own_->hello.random.data();
  const bool joined = own_->outcome == proto::HelloOutcome::complete && inside != nullptr &&
                      std::greater_equal<>()(inside, static_cast<const char*>(scratch)) &&
                      std::less<>()(inside, static_cast<const char*>(scratch + room));
  if (joined) return;
  context.arena.rewind(mark);
  context.parsed.hello = *own_;
}

FetchStatus Hello::read(Context& context) {
  if (context.request == nullptr) return FetchStatus::absent;
  context.parsed.look_at(context.request->bytes);
  if (context.parsed.hello)
    parse_ = &*context.parsed.hello;
  else
    parse(context);
  if (parse_->outcome == proto::HelloOutcome::not_tls) return FetchStatus::absent;
  if (parse_->outcome == proto::HelloOutcome::need_more) {
    return context.request->closed ? FetchStatus::absent : FetchStatus::need_more;
  }
  return FetchStatus::ok;
}

FetchStatus text_or_absent(std::string_view text, Sample& out) {
  if (text.empty()) return FetchStatus::absent;
  out = Sample::string(text);
  return FetchStatus::ok;
}

FetchStatus binary_or_absent(std::string_view bytes, Sample& out) {
  if (bytes.empty()) return FetchStatus::absent;
  out = Sample::binary(bytes);
  return FetchStatus::ok;
}

// The names in the order sent, with commas between them.
FetchStatus req_ssl_alpn(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  const std::string_view list = hello->alpn_list();
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

FetchStatus req_ssl_cipherlist(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  return hello->sslv2_framing ? FetchStatus::absent : binary_or_absent(hello->ciphers, out);
}

// COMPAT: true or nothing, as observed on 2.6.
FetchStatus req_ssl_ec_ext(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  if (!hello->extension(proto::tls_extension::supported_groups)) return FetchStatus::absent;
  out = Sample::boolean(true);
  return FetchStatus::ok;
}

FetchStatus req_ssl_hello_type(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  if (hello->sslv2_framing) return FetchStatus::absent;
  out = Sample::integer(hello->handshake_type);
  return FetchStatus::ok;
}

// The groups alone, without their keys.
FetchStatus req_ssl_keyshare_groups(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  const std::string_view shares = hello->key_shares();
  char* groups = context.arena.take(shares.size() / 2);  // a share takes four bytes at least
  if (groups == nullptr) return FetchStatus::absent;
  std::size_t size = 0;
  std::size_t position = 0;
  while (const auto group = proto::next_key_share_group(shares, position)) {
    groups[size++] = static_cast<char>(*group >> 8);
    groups[size++] = static_cast<char>(*group & 0xff);
  }
  return binary_or_absent({groups, size}, out);
}

FetchStatus req_ssl_sigalgs(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  return status != FetchStatus::ok ? status : binary_or_absent(hello->signature_algorithms(), out);
}

FetchStatus req_ssl_sni(const Args&, Context& context, Sample& out) {
  ParsedRequest& parsed = context.parsed;
  if (context.request != nullptr) parsed.look_at(context.request->bytes);
  if (parsed.server_name) return text_or_absent(*parsed.server_name, out);
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  const std::string_view name = hello->server_name();
  if (parsed.hello) parsed.server_name = name;
  return text_or_absent(name, out);
}

FetchStatus req_ssl_st_ext(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  out = Sample::integer(hello->session_ticket_state());
  return FetchStatus::ok;
}

FetchStatus req_ssl_supported_groups(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  return status != FetchStatus::ok ? status : binary_or_absent(hello->supported_groups(), out);
}

// Major times 65536 plus minor; SSL 2 is 2.0 although its wire form is 0x0002.
FetchStatus req_ssl_ver(const Args&, Context& context, Sample& out) {
  Hello hello;
  const FetchStatus status = hello.read(context);
  if (status != FetchStatus::ok) return status;
  const std::int64_t major = hello->version >> 8;
  const std::int64_t minor = hello->version & 0xff;
  out = Sample::integer(hello->version == 0x0002 ? std::int64_t{2} << 16 : major << 16 | minor);
  return FetchStatus::ok;
}

FetchStatus res_ssl_hello_type(const Args&, Context& context, Sample& out) {
  if (context.response == nullptr) return FetchStatus::absent;
  const std::size_t mark = context.arena.mark();
  const std::size_t room = std::min(context.arena.room(), proto::kMaxClientHello);
  const auto parse = proto::parse_server_hello(context.response->bytes, {context.arena.take(room), room});
  context.arena.rewind(mark);
  switch (parse.outcome) {
    case proto::HelloOutcome::not_tls: return FetchStatus::absent;
    case proto::HelloOutcome::need_more: return context.response->closed ? FetchStatus::absent : FetchStatus::need_more;
    case proto::HelloOutcome::complete: break;
  }
  out = Sample::integer(parse.hello.handshake_type);
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

// The same with ciphers 1302 1301, groups 001d 0017, algorithms 0403 0804, a ticket "tick", a share of 001d.
constexpr Given kLists = {.request =
                              "\x16\x03\x01\x00\x5b\x01\x00\x00\x57\x03\x03"
                              "0123456789abcdef0123456789abcdef"
                              "\x00\x00\x04\x13\x02\x13\x01\x01\x00\x00\x2a"
                              "\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17"
                              "\x00\x0d\x00\x06\x00\x04\x04\x03\x08\x04"
                              "\x00\x23\x00\x04"
                              "tick"
                              "\x00\x33\x00\x0a\x00\x08\x00\x1d\x00\x04"
                              "keys"sv};
// One record (22, 3.3), one server hello (3.3): random, no session, cipher 1301, no extensions.
constexpr Given kAnswer = {.response =
                               "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
                               "0123456789abcdef0123456789abcdef"
                               "\x00\x13\x01\x00"sv};

constexpr Fetch kRows[] = {
    {.name = "rep_ssl_hello_type",
     .deprecated_for = "res.ssl_hello_type",
     .needs = Facts::response_bytes,
     .out = Type::integer,
     .fetch = res_ssl_hello_type,
     .doc = "An older name of res.ssl_hello_type."},
    {.name = "req.ssl_alpn",
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_ssl_alpn,
     .doc = "The protocols a TLS client offers by ALPN, in its order, separated by commas.",
     .given = kHello,
     .examples = {{{"req.ssl_alpn", "h2"}}}},
    {.name = "req.ssl_cipherlist",
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_ssl_cipherlist,
     .doc = "The ciphers a TLS client offers, two bytes each, in its order.",
     .given = kLists,
     .examples = {{{"req.ssl_cipherlist,hex", "13021301"}}}},
    {.name = "req.ssl_ec_ext",
     .needs = Facts::request_bytes,
     .out = Type::boolean,
     .fetch = req_ssl_ec_ext,
     .doc = "True when a TLS client names the groups (elliptic curves) it can use; absent otherwise.",
     .given = kLists,
     .examples = {{{"req.ssl_ec_ext", "1"}}}},
    {.name = "req.ssl_hello_type",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_hello_type,
     .doc = "The type of the TLS handshake message the client begins with; 1 for a complete client hello.",
     .given = kHello,
     .examples = {{{"req.ssl_hello_type", "1"}}}},
    {.name = "req.ssl_keyshare_groups",
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_ssl_keyshare_groups,
     .doc = "The groups for which a TLS 1.3 client sends a key along, two bytes each.",
     .given = kLists,
     .examples = {{{"req.ssl_keyshare_groups,hex", "001D"}}}},
    {.name = "req.ssl_sigalgs",
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_ssl_sigalgs,
     .doc = "The signature algorithms a TLS client accepts, two bytes each.",
     .given = kLists,
     .examples = {{{"req.ssl_sigalgs,hex", "04030804"}}}},
    {.name = "req.ssl_sni",
     .needs = Facts::request_bytes,
     .out = Type::string,
     .fetch = req_ssl_sni,
     .doc = "The server name a TLS client asks for; as sent, so lower its case before comparing.",
     .given = kHello,
     .examples = {{{"req.ssl_sni", "a.b"}}}},
    {.name = "req.ssl_st_ext",
     .needs = Facts::request_bytes,
     .out = Type::integer,
     .fetch = req_ssl_st_ext,
     .doc = "0 when a TLS client does not speak of session tickets, 1 when it takes them, 2 when it brings one.",
     .given = kLists,
     .examples = {{{"req.ssl_st_ext", "2"}}}},
    {.name = "req.ssl_supported_groups",
     .needs = Facts::request_bytes,
     .out = Type::binary,
     .fetch = req_ssl_supported_groups,
     .doc = "The groups a TLS client can use for the key exchange, two bytes each.",
     .given = kLists,
     .examples = {{{"req.ssl_supported_groups,hex", "001D0017"}}}},
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
    {.name = "res.ssl_hello_type",
     .needs = Facts::response_bytes,
     .out = Type::integer,
     .fetch = res_ssl_hello_type,
     .doc = "The type of the TLS handshake message the server begins with; 2 for a complete server hello.",
     .given = kAnswer,
     .examples = {{{"res.ssl_hello_type", "2"}}}},
};
static_assert(well_formed(kRows), "rows are sorted by name, documented and exemplified");

}  // namespace
constinit const std::span<const Fetch> tls_hello_fetches{kRows};
}  // namespace weir::sample
